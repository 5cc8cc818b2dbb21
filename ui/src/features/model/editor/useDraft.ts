import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { previewQuery, type Body } from '~/api/blueprints';
import { readJson } from '~/lib/jsonText';
import { print } from './draft';

/**
 * A blueprint that is being written. Its text is the truth; the form reads it, and writes it anew. With `sample` some entity of it is looked
 * at where none is chosen.
 */
export function useDraft(identifier: string, stored: Body, chosen: string | undefined, sample: boolean) {
  const [written, setWritten] = useState<string>();
  const [valid, setValid] = useState<Body>();
  const [sampled, setSampled] = useState<string>();
  const entity = chosen ?? (sample ? sampled : undefined);
  const text = written ?? print(stored);
  const read = useMemo(() => readJson(text), [text]);
  const parsed = asBody(read.value);
  const body = parsed ?? valid ?? stored;
  const dirty = parsed === undefined ? written !== undefined : print(parsed) !== print(stored);
  const [settled] = useDebouncedValue(text, 250);
  const asked = useMemo(() => asBody(readJson(settled).value), [settled]);
  const wanted = asked !== undefined && (chosen !== undefined || sample || print(asked) !== print(stored));
  const preview = useQuery({ ...previewQuery(identifier, asked, chosen, sample && chosen === undefined), enabled: wanted });
  const found = preview.data?.entity?.identifier;
  // it stays where a mistake lets it be looked at no more
  if (sample && typeof found === 'string' && found !== sampled) setSampled(found);
  const current = wanted && settled === text && !preview.isPlaceholderData;
  return {
    text,
    body,
    read,
    dirty,
    /** The text is a blueprint that the form can show. */
    legible: parsed !== undefined,
    preview: wanted ? preview.data : undefined,
    previewError: wanted ? preview.error : null,
    /** Whose values are shown. */
    entity,
    /** The preview is of what is on screen. */
    current,
    setText: (next: string) => {
      const now = asBody(readJson(next).value);
      if (now) setValid(now);
      setWritten(next);
    },
    setBody: (next: Body) => {
      setValid(next);
      setWritten(print(next));
    },
    discard: () => {
      setValid(undefined);
      setWritten(undefined);
    },
  };
}

export type Draft = ReturnType<typeof useDraft>;

function asBody(value: unknown): Body | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Body) : undefined;
}
