import { Link } from '@tanstack/react-router';
import type { HomeTable } from '~/api/home';
import { Section } from '~/kit/Page';
import { ProblemLine } from '~/kit/Problem';
import { formatNumber } from '~/lib/text';
import { TabTable } from '~/parts/EntityTable';

/** A table that the reader has put onto his page. */
export function OwnTable({ title, own }: { title: string; own: HomeTable | undefined }) {
  const table = own?.table;
  if (!table) return own?.problem ? <Section title={title}>{<ProblemLine level="error" message={own.problem} />}</Section> : null;
  const { blueprint, first } = table;
  const search = first.query ? { query: first.query } : {};
  // the page of all blueprints belongs to another feature; its address is what both know
  const all = blueprint ? { to: '/catalog/$blueprint', params: { blueprint }, search } : { to: '/query', search };
  return (
    <Section title={title} aside={first.total > 0 && <Link {...(all as { to: '/' })}>All {formatNumber(first.total)}</Link>}>
      <TabTable label={title} table={table} empty="Nothing satisfies the query." />
    </Section>
  );
}
