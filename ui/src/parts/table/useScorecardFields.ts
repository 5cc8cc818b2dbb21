import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import { publishedQuery } from '~/api/scorecards';
import { scorecardFields, type Field } from './fields';

/** The table itself comes first. */
const later = 2_000;
const none: Field[] = [];

/** What a table can show of scorecards: the level in each, and how each rule is kept. */
export function useScorecardFields(blueprint: string | undefined): Field[] {
  const [due, setDue] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setDue(true), later);
    return () => clearTimeout(timer);
  }, []);
  const { data } = useQuery({ ...publishedQuery, enabled: due && blueprint !== undefined, staleTime: 30_000 });
  // not of the counts in it: they change with every entity, and new columns are new cells that lose the focus
  const key = JSON.stringify((data?.scorecards ?? []).flatMap(({ blueprint: of, identifier, title, levels, rules }) => (of === blueprint ? [{ identifier, title, levels: levels.map((level) => ({ title: level.title, color: level.color })), rules: rules.map((rule) => ({ identifier: rule.identifier, title: rule.title })) }] : [])));
  return useMemo(() => (key === '[]' ? none : scorecardFields(JSON.parse(key) as Parameters<typeof scorecardFields>[0])), [key]);
}
