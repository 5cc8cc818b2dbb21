import { MultiSelect, Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { hubQuery } from '~/api/actions';
import type { FieldProps } from './WidgetForm';

const isObject = (value: unknown): value is { action?: unknown } => typeof value === 'object' && value !== null;
const named = (one: unknown) => (isObject(one) ? String(one.action ?? '') : String(one ?? ''));

/** Actions that can be chosen, and those that have been chosen, whether or not they are still there. */
function useChoices(chosen: string[], templates: boolean) {
  const { data, error } = useQuery(hubQuery());
  const offers = (data?.actions ?? []).filter(({ kind }) => templates || kind === 'action');
  const known = offers.map(({ identifier, title }) => ({ value: identifier, label: title }));
  const gone = chosen.filter((one) => !known.some(({ value }) => value === one)).map((one) => ({ value: one, label: one }));
  return { choices: [...known, ...(data ? gone : [])], error: error?.message };
}

/** Which actions a card shows. */
export function ActionsField({ widget, onChange }: FieldProps) {
  const chosen = (Array.isArray(widget.actions) ? widget.actions : []).map(named).filter(Boolean);
  const { choices, error } = useChoices(chosen, true);
  return (
    <MultiSelect
      label="Actions"
      description="All that the reader can run where none is chosen."
      searchable
      clearable
      error={error}
      data={choices}
      value={chosen}
      onChange={(next) => onChange({ ...widget, actions: next.map((action) => ({ action })) })}
    />
  );
}

/** Of which action runs are shown. */
export function ActionField({ widget, onChange }: FieldProps) {
  const chosen = named(widget.action);
  const { choices, error } = useChoices(chosen ? [chosen] : [], false);
  return <Select label="Action" searchable allowDeselect={false} error={error} data={choices} value={chosen || null} onChange={(action) => onChange({ ...widget, action: action ?? '' })} />;
}
