import { Autocomplete, MultiSelect, NumberInput, Select, TagsInput, Textarea, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { tablePageQuery } from '~/api/tables';
import type { PropertyDefinition, RelationDefinition } from '~/api/types';

interface ValueInputProps {
  /** Shown above; the accessible name alone where `bare`. */
  label: string;
  definition?: PropertyDefinition;
  relation?: Pick<RelationDefinition, 'target' | 'many'>;
  value: unknown;
  onChange: (value: unknown) => void;
  bare?: boolean;
  required?: boolean;
  description?: string;
  /** What the server says is wrong with it. */
  error?: string;
  autoFocus?: boolean;
}

/** A value is written as its definition says. Null is no value. */
export function ValueInput({ label, definition = {}, relation, value, onChange, bare = false, required = false, description, error, autoFocus }: ValueInputProps) {
  const names = bare ? { 'aria-label': label } : { label, description, withAsterisk: required };
  const common = { ...names, error, 'data-autofocus': autoFocus || undefined, autoFocus, size: 'xs' as const };
  const text = value === null || value === undefined ? '' : String(value);
  const set = (next: string | null) => onChange(next === '' ? null : next);
  if (relation) return <Relation {...common} relation={relation} value={value} onChange={onChange} />;
  const { type = 'string', format, items } = definition;
  if (definition.enum && type !== 'array') {
    const choice = (next: string | null) => definition.enum?.find((one) => String(one) === next) ?? null;
    return <Select {...common} data={definition.enum.map(String)} value={text || null} onChange={(next) => onChange(choice(next))} clearable searchable />;
  }
  if (type === 'boolean') {
    const data = [{ value: 'true', label: 'Yes' }, { value: 'false', label: 'No' }];
    return <Select {...common} data={data} value={text || null} onChange={(next) => onChange(next === null ? null : next === 'true')} clearable />;
  }
  if (type === 'number' || type === 'integer') {
    return <NumberInput {...common} value={typeof value === 'number' ? value : ''} onChange={(next) => onChange(next === '' ? null : Number(next))} hideControls />;
  }
  if (type === 'array' && (!Array.isArray(value) || value.every((one) => typeof one !== 'object')) && items?.type !== 'object') {
    const list = Array.isArray(value) ? value.map(String) : [];
    const typed = (next: string[]) => onChange(items?.type === 'number' ? next.map(Number) : next);
    return items?.enum ? <MultiSelect {...common} data={items.enum.map(String)} value={list} onChange={typed} searchable /> : <TagsInput {...common} value={list} onChange={typed} />;
  }
  if (type === 'object' || type === 'array') return <Json {...common} value={value} onChange={onChange} />;
  if (!bare && (format === 'markdown' || format === 'yaml' || format === 'multi-line' || text.includes('\n'))) {
    return <Textarea {...common} value={text} onChange={(event) => set(event.currentTarget.value)} autosize minRows={2} maxRows={10} />;
  }
  if (format === 'user' || format === 'team') return <Named {...common} blueprint={`_${format}`} value={text} onChange={set} />;
  const placeholder = format === 'date-time' || format === 'timer' ? '2026-01-31T12:00:00Z' : undefined;
  return <TextInput {...common} value={text} placeholder={placeholder} onChange={(event) => set(event.currentTarget.value)} />;
}

type Common = Record<string, unknown>;

function Json({ value, onChange, ...common }: Common & { value: unknown; onChange: (value: unknown) => void }) {
  const [text, setText] = useState(value === null || value === undefined ? '' : JSON.stringify(value, null, 1));
  const [wrong, setWrong] = useState(false);
  const change = (next: string) => {
    setText(next);
    try {
      onChange(next.trim() === '' ? null : JSON.parse(next));
      setWrong(false);
    } catch {
      setWrong(true);
    }
  };
  return <Textarea {...common} error={wrong ? 'This is no JSON yet.' : (common.error as string | undefined)} value={text} onChange={(event) => change(event.currentTarget.value)} autosize minRows={1} maxRows={10} />;
}

/** Identifiers of a blueprint's entities by what was typed. */
function useNames(blueprint: string, typed: string, enabled: boolean): string[] {
  const [search] = useDebouncedValue(typed, 150);
  const { data } = useQuery({ ...tablePageQuery({ blueprint, search, limit: 20 }), enabled });
  return [...new Set(data?.rows.map(({ identifier }) => identifier))];
}

function Named({ blueprint, value, onChange, ...common }: Common & { blueprint: string; value: string; onChange: (value: string) => void }) {
  const [open, setOpen] = useState(false);
  const data = useNames(blueprint, value, open);
  return <Autocomplete {...common} value={value} onChange={onChange} data={data} filter={({ options }) => options} onFocus={() => setOpen(true)} />;
}

function Relation({ relation, value, onChange, ...common }: Common & { relation: Pick<RelationDefinition, 'target' | 'many'>; value: unknown; onChange: (value: unknown) => void }) {
  const [typed, setTyped] = useState('');
  const [open, setOpen] = useState(false);
  const names = useNames(relation.target, typed, open && relation.many);
  if (!relation.many) return <Named {...common} blueprint={relation.target} value={typeof value === 'string' ? value : ''} onChange={(next) => onChange(next === '' ? null : next)} />;
  const list = Array.isArray(value) ? value.map(String) : [];
  return (
    <TagsInput {...common} value={list} onChange={onChange} data={[...new Set([...names, ...list])]} filter={({ options }) => options} searchValue={typed} onSearchChange={setTyped} onFocus={() => setOpen(true)} />
  );
}
