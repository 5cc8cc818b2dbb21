import { NumberInput, Select, TagsInput, Textarea, TextInput } from '@mantine/core';
import type { Blueprint } from '~/api/types';
import { about, metaFields, operatorsOf, operatorWords, presets, sortOf, withOperator, type ConditionJson, type Sort } from './definition';
import classes from './editor.module.css';

interface ConditionRowProps {
  blueprint: Blueprint | undefined;
  condition: ConditionJson;
  onChange: (condition: ConditionJson) => void;
  /** Names the fields where there are many. */
  label: string;
}

/** What is looked at, how, and for what. */
export function ConditionRow({ blueprint, condition, onChange, label }: ConditionRowProps) {
  const sort = sortOf(condition, blueprint);
  const subject = condition.jq !== undefined ? 'jq' : condition.relation !== undefined ? `r ${condition.relation}` : `p ${condition.property ?? ''}`;
  const choose = (next: string | null) => {
    if (next === null) return;
    const key = next.slice(2);
    if (next === 'jq') return onChange({ jq: '.properties != null' });
    const named = next.startsWith('r ') ? { relation: key } : { property: key };
    onChange(about(condition, named, sortOf(named, blueprint)));
  };
  return (
    <div className={classes.condition}>
      <Select aria-label={`${label}: what`} searchable allowDeselect={false} data={subjects(blueprint, subject)} value={subject} onChange={choose} />
      {condition.jq !== undefined ? (
        <Textarea className={classes.jq} aria-label={`${label}: JQ program`} autosize minRows={1} maxRows={6} description="True passes. The entity is the input." styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }} value={condition.jq} onChange={(event) => onChange({ jq: event.currentTarget.value })} />
      ) : (
        <>
          <Select aria-label={`${label}: how`} allowDeselect={false} data={operators(sort, condition.operator)} value={condition.operator ?? null} onChange={(next) => next && onChange(withOperator(condition, next, sort))} />
          <ValueField condition={condition} sort={sort} blueprint={blueprint} label={`${label}: value`} onValue={(value) => onChange({ ...condition, value })} />
        </>
      )}
    </div>
  );
}

/** What the blueprint has; and what the condition names, where it has that no longer. */
function subjects(blueprint: Blueprint | undefined, current: string) {
  const groups = [
    { group: 'Properties', items: Object.entries(blueprint?.properties ?? {}).map(([key, { title }]) => ({ value: `p ${key}`, label: title || key })) },
    { group: 'Relations', items: Object.entries(blueprint?.relations ?? {}).map(([key, { title }]) => ({ value: `r ${key}`, label: title || key })) },
    { group: 'Everything has', items: metaFields.map(({ key, title }) => ({ value: `p ${key}`, label: title })) },
    { group: 'Anything else', items: [{ value: 'jq', label: 'A JQ program' }] },
  ];
  const known = groups.some(({ items }) => items.some(({ value }) => value === current));
  return known ? groups : [...groups, { group: 'As written', items: [{ value: current, label: current.slice(2) || '…' }] }];
}

function operators(sort: Sort, current: string | undefined) {
  const known = operatorsOf[sort];
  const all = current !== undefined && !known.includes(current) ? [...known, current] : known;
  return all.map((value) => ({ value, label: operatorWords[value] ?? value }));
}

interface ValueFieldProps {
  condition: ConditionJson;
  sort: Sort;
  blueprint: Blueprint | undefined;
  label: string;
  onValue: (value: unknown) => void;
}

function ValueField({ condition: { property, operator, value }, sort, blueprint, label, onValue }: ValueFieldProps) {
  const definition = blueprint?.properties[property ?? ''];
  const choices = (definition?.enum ?? definition?.items?.enum)?.map(String);
  if (operator === 'isEmpty' || operator === 'isNotEmpty') return null;
  if (operator === 'between' || operator === 'notBetween') return <RangeField sort={sort} value={value} label={label} onValue={onValue} />;
  if (Array.isArray(value)) return <TagsInput aria-label={label} placeholder={value.length === 0 ? 'Type, then Enter' : undefined} data={choices} value={value.map(String)} onChange={onValue} />;
  if (sort === 'boolean') return <Select aria-label={label} allowDeselect={false} data={[{ value: 'true', label: 'Yes' }, { value: 'false', label: 'No' }]} value={String(value)} onChange={(next) => onValue(next === 'true')} />;
  if (sort === 'number') return <NumberInput size="xs" aria-label={label} value={typeof value === 'number' ? value : ''} onChange={(next) => onValue(typeof next === 'number' ? next : Number(next) || 0)} />;
  if (choices) return <Select aria-label={label} searchable data={choices.includes(String(value)) || !value ? choices : [...choices, String(value)]} value={value === undefined || value === '' ? null : String(value)} onChange={(next) => onValue(next ?? '')} />;
  return <TextInput aria-label={label} placeholder={sort === 'date' ? '2026-01-31T00:00:00Z' : undefined} value={typeof value === 'string' ? value : JSON.stringify(value ?? '')} onChange={(event) => onValue(event.currentTarget.value)} />;
}

function RangeField({ sort, value, label, onValue }: Pick<ValueFieldProps, 'sort' | 'label' | 'onValue'> & { value: unknown }) {
  const range = (value ?? {}) as { preset?: string; from?: unknown; to?: unknown };
  if (sort === 'date' && range.from === undefined) {
    const preset = range.preset ?? 'lastMonth';
    const data = Object.entries(presets).map(([key, words]) => ({ value: key, label: words }));
    return <Select aria-label={label} allowDeselect={false} data={preset in presets ? data : [...data, { value: preset, label: preset }]} value={preset} onChange={(next) => onValue({ preset: next })} />;
  }
  const part = (key: 'from' | 'to') =>
    sort === 'date' ? (
      <TextInput aria-label={`${label} ${key}`} value={String(range[key] ?? '')} onChange={(event) => onValue({ ...range, [key]: event.currentTarget.value })} />
    ) : (
      <NumberInput size="xs" aria-label={`${label} ${key}`} value={typeof range[key] === 'number' ? range[key] : ''} onChange={(next) => onValue({ ...range, [key]: Number(next) || 0 })} />
    );
  return (
    <div className={classes.range}>
      {part('from')}
      <span className="sd-dim">and</span>
      {part('to')}
    </div>
  );
}
