import { MultiSelect, Select } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery, type UseQueryOptions } from '@tanstack/react-query';
import { useState } from 'react';
import { mostOptions, type Option } from '~/api/options';
import { count } from '~/lib/text';
import classes from '../form.module.css';
import { typeOf, type FieldProps } from '../types';
import { asList, asText, useCommon } from './values';

interface SearchFieldProps extends FieldProps {
  /** What to offer for what was typed. */
  find: (typed: string) => unknown;
  /** What is typed may be taken as it is. */
  free?: boolean;
  /** What is chosen is called, as long as it has not been looked for. */
  shown?: string;
  /** What a free text stands for. */
  complete?: (typed: string) => string;
}

interface Found {
  options: Option[];
  total: number;
}

/** One or several out of more than can be listed: the server looks for what is typed. */
export function SearchField({ find, shown, free = false, complete = (typed) => typed, ...props }: SearchFieldProps) {
  const common = useCommon(props);
  const [typed, setTyped] = useState('');
  const [opened, setOpened] = useState(false);
  const many = typeOf(props.schema) === 'array';
  const chosen = many ? asList(props.value) : props.value === undefined || props.value === null ? [] : [asText(props.value)];
  const [known, setKnown] = useState<Record<string, Option>>({});
  // the words of what is chosen are no search
  const wanted = !many && chosen[0] !== undefined && typed === (known[chosen[0]]?.label ?? shown ?? chosen[0]) ? '' : typed;
  const [search] = useDebouncedValue(wanted.trim(), 150);
  const { data, error } = useQuery({ ...(find(search) as UseQueryOptions<Found>), enabled: opened && !props.disabled });
  const found = data?.options ?? [];
  const all = new Map([...chosen.map((value): Option => known[value] ?? { value, label: shown ?? value }), ...found].map((option) => [option.value, option]));
  const text = wanted.trim();
  if (free && text !== '' && !found.some(({ value, label }) => value === text || label === text)) all.set(complete(text), { value: complete(text), label: complete(text), detail: 'as typed' });
  const remember = () => setKnown((old) => ({ ...old, ...Object.fromEntries(found.map((option) => [option.value, option])) }));
  const hidden = (data?.total ?? 0) - found.length;
  const shared = {
    ...common,
    error: common.error ?? (error ? error.message : undefined),
    data: [...all.values()].map(({ value, label }) => ({ value, label })),
    searchable: true,
    searchValue: typed,
    onSearchChange: setTyped,
    onDropdownOpen: () => setOpened(true),
    filter: ({ options }: { options: unknown[] }) => options as never,
    nothingFoundMessage: data ? (text ? `Nothing matches “${text}”` : 'There is nothing to choose') : 'Searching…',
    renderOption: ({ option }: { option: { value: string } }) => <Line option={all.get(option.value)} />,
    description: [props.description, hidden > 0 && found.length >= mostOptions && opened ? `${count(hidden, 'more', 'more')}: type to narrow them down.` : undefined].filter(Boolean).join(' ') || undefined,
  };
  if (many) {
    return (
      <MultiSelect
        {...shared}
        value={chosen}
        placeholder={chosen.length > 0 ? undefined : (common.placeholder ?? 'Type to search')}
        maxValues={typeof props.schema.maxItems === 'number' ? props.schema.maxItems : undefined}
        onChange={(next) => {
          remember();
          props.onChange(next);
        }}
      />
    );
  }
  return (
    <Select
      {...shared}
      value={chosen[0] ?? null}
      placeholder={common.placeholder ?? 'Type to search'}
      clearable={!props.required}
      onChange={(next) => {
        remember();
        props.onChange(next);
      }}
    />
  );
}

function Line({ option }: { option: Option | undefined }) {
  if (!option) return null;
  return (
    <span className={classes.option}>
      <span>{option.label}</span>
      {option.detail && <span className="sd-dim">{option.detail}</span>}
    </span>
  );
}
