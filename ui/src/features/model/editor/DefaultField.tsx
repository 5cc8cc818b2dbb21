import { Checkbox, NumberInput, Select, TextInput } from '@mantine/core';
import { useState } from 'react';
import { readJson } from '~/lib/jsonText';
import type { Definition } from './draft';

interface DefaultFieldProps {
  definition: Definition;
  onChange: (value: unknown) => void;
}

const label = 'Default';
const description = 'Written into new entities that say nothing.';

/** The value that new entities get. */
export function DefaultField({ definition, onChange }: DefaultFieldProps) {
  const value = definition.default;
  if (Array.isArray(definition.enum)) {
    const data = definition.enum.map(String);
    const pick = (chosen: string | null) => onChange(chosen === null ? undefined : definition.type === 'number' ? Number(chosen) : chosen);
    return <Select label={label} description={description} data={data} value={value === undefined ? null : String(value)} onChange={pick} clearable maw={320} />;
  }
  if (definition.type === 'boolean') {
    return <Checkbox label="Yes by default" checked={value === true} onChange={(event) => onChange(event.currentTarget.checked ? true : undefined)} />;
  }
  if (definition.type === 'number') {
    return (
      <NumberInput size="xs" label={label} description={description} value={typeof value === 'number' ? value : ''} onChange={(next) => onChange(next === '' ? undefined : Number(next))} maw={320} />
    );
  }
  if (definition.type === 'string') {
    return <TextInput label={label} description={description} value={typeof value === 'string' ? value : ''} onChange={(event) => onChange(event.currentTarget.value)} maw={320} />;
  }
  return <JsonField value={value} onChange={onChange} />;
}

/** A list or an object, as JSON. */
function JsonField({ value, onChange }: { value: unknown; onChange: (value: unknown) => void }) {
  const [written, setWritten] = useState<string>();
  const text = written ?? (value === undefined ? '' : JSON.stringify(value));
  const { error } = text.trim() === '' ? {} : readJson(text);
  return (
    <TextInput
      label={`${label} (JSON)`}
      description={description}
      ff="monospace"
      value={text}
      error={error?.message}
      onChange={(event) => {
        const next = event.currentTarget.value;
        setWritten(next);
        if (next.trim() === '') return onChange(undefined);
        const read = readJson(next);
        if (!read.error) onChange(read.value);
      }}
      onBlur={() => setWritten(undefined)}
      maw={420}
    />
  );
}
