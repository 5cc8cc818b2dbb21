import { Autocomplete, MultiSelect, NumberInput, Select, TagsInput, Textarea, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { IconLock } from '@tabler/icons-react';
import { useState, type ReactNode } from 'react';
import { tableQuery } from '~/api/queries';
import type { PropertyDefinition } from '~/api/types';
import classes from './entity.module.css';

interface EditFieldProps {
  label: string;
  definition: PropertyDefinition;
  relation?: { target: string; many: boolean; required: boolean };
  value: unknown;
  /** Why it cannot be written. */
  lock: string | undefined;
  onChange: (value: unknown) => void;
}

/** One field of the form, by its type. */
export function EditField(props: EditFieldProps) {
  const { lock, relation } = props;
  const description: ReactNode = lock ? (
    <span className={classes.lock}>
      <IconLock size={12} aria-hidden /> {lock}
    </span>
  ) : (
    props.definition.description
  );
  return relation ? <RelationField {...props} relation={relation} description={description} /> : <ValueField {...props} description={description} />;
}

type Inner = EditFieldProps & { description: ReactNode };

function ValueField({ label, definition, value, lock, onChange, description }: Inner) {
  const common = { label, description, readOnly: lock !== undefined, 'data-locked': lock !== undefined || undefined };
  const text = value === null || value === undefined ? '' : String(value);
  const { type, format, items } = definition;
  const choices = definition.enum?.map(String);
  if (typeof value === 'object' && value !== null && !(Array.isArray(value) && value.every((one) => typeof one === 'string'))) return <JsonField {...common} value={value} onChange={onChange} />;
  if (choices && type !== 'array') {
    const set = (one: string | null) => onChange(one === null ? null : type === 'number' ? Number(one) : one);
    return <Select {...common} data={choices} value={text || null} onChange={set} clearable searchable={choices.length > 8} />;
  }
  if (type === 'boolean' || typeof value === 'boolean') {
    const data = [{ value: 'true', label: 'Yes' }, { value: 'false', label: 'No' }];
    return <Select {...common} data={data} value={text || null} onChange={(one) => onChange(one === null ? null : one === 'true')} clearable />;
  }
  if (type === 'number' || typeof value === 'number') {
    return <NumberInput {...common} size="xs" value={typeof value === 'number' ? value : ''} onChange={(one) => onChange(one === '' ? null : Number(one))} hideControls />;
  }
  if (type === 'array' || Array.isArray(value)) {
    const list = Array.isArray(value) ? value.map(String) : [];
    const options = items?.enum?.map(String);
    if (options) return <MultiSelect {...common} data={options} value={list} onChange={onChange} searchable />;
    return <TagsInput {...common} value={list} onChange={onChange} />;
  }
  if (type === 'object') return <JsonField {...common} value={value ?? null} onChange={onChange} />;
  const set = (one: string) => onChange(one === '' ? null : one);
  if (format === 'markdown' || format === 'yaml' || format === 'proto' || text.includes('\n') || text.length > 90) {
    return <Textarea {...common} value={text} onChange={(event) => set(event.currentTarget.value)} autosize minRows={3} maxRows={12} styles={format === 'markdown' ? undefined : { input: { fontFamily: 'var(--mantine-font-family-monospace)' } }} />;
  }
  if (format === 'user') return <Named {...common} value={text} blueprint="_user" onChange={set} />;
  if (format === 'team') return <Named {...common} value={text} blueprint="_team" onChange={set} />;
  const hint = format === 'date-time' || format === 'timer' ? '2026-01-31T12:00:00Z' : format === 'url' ? 'https://…' : undefined;
  return <TextInput {...common} value={text} placeholder={hint} type={format === 'email' ? 'email' : 'text'} onChange={(event) => set(event.currentTarget.value)} />;
}

interface Common {
  label: string;
  description: ReactNode;
  readOnly: boolean;
}

function JsonField({ value, onChange, ...common }: Common & { value: unknown; onChange: (value: unknown) => void }) {
  const [draft, setDraft] = useState<string | null>(null);
  const [error, setError] = useState<string>();
  return (
    <Textarea
      {...common}
      error={error}
      autosize
      minRows={2}
      maxRows={12}
      styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
      value={draft ?? (value === null ? '' : JSON.stringify(value, null, 2))}
      onChange={(event) => {
        const text = event.currentTarget.value;
        setDraft(text);
        try {
          onChange(text.trim() === '' ? null : JSON.parse(text));
          setError(undefined);
        } catch {
          setError('This is no JSON yet.');
        }
      }}
      onBlur={() => error === undefined && setDraft(null)}
    />
  );
}

/** Entities of a blueprint by what was typed. */
function useNames(blueprint: string, typed: string, enabled: boolean): string[] {
  const [search] = useDebouncedValue(typed, 150);
  const found = useQuery({ ...tableQuery({ blueprint, search, limit: 20 } as Parameters<typeof tableQuery>[0]), enabled });
  return found.data?.rows.map(({ identifier }) => identifier) ?? [];
}

function Named({ blueprint, value, onChange, ...common }: Common & { blueprint: string; value: string; onChange: (value: string) => void }) {
  const [open, setOpen] = useState(false);
  const names = useNames(blueprint, value, open && !common.readOnly);
  return <Autocomplete {...common} size="xs" value={value} onChange={onChange} data={[...new Set(names)]} filter={({ options }) => options} onFocus={() => setOpen(true)} />;
}

function RelationField({ label, relation, value, lock, onChange, description }: Inner & { relation: NonNullable<EditFieldProps['relation']> }) {
  const common = { label, description, readOnly: lock !== undefined, 'data-locked': lock !== undefined || undefined, required: relation.required, withAsterisk: relation.required };
  const [typed, setTyped] = useState('');
  const [open, setOpen] = useState(false);
  const names = useNames(relation.target, typed, open && relation.many && lock === undefined);
  if (relation.many) {
    const list = Array.isArray(value) ? value.map(String) : [];
    const data = [...new Set([...names, ...list])];
    return <TagsInput {...common} value={list} onChange={onChange} data={data} filter={({ options }) => options} searchValue={typed} onSearchChange={setTyped} onFocus={() => setOpen(true)} />;
  }
  return <Named {...common} blueprint={relation.target} value={typeof value === 'string' ? value : ''} onChange={(one) => onChange(one === '' ? null : one)} />;
}
