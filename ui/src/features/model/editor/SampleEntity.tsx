import { Select } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { tableQuery } from '~/api/queries';
import { Mono } from '~/kit/Mono';
import { useEditing } from './context';

const named = (text: string) => `$title contains ${JSON.stringify(text)} or $identifier contains ${JSON.stringify(text)}`;

/** The entity on which derived values are shown. Which others there are is asked for when somebody wants to choose. */
export function SampleEntity() {
  const { blueprint, entity, setEntity, draft } = useEditing();
  const [opened, setOpened] = useState(false);
  const [typed, setTyped] = useState('');
  const [search] = useDebouncedValue(typed, 200);
  const { data } = useQuery({ ...tableQuery({ blueprint, limit: 20, query: search === '' || search === entity ? undefined : named(search) }), enabled: opened });
  const rows = data?.rows ?? [];
  // the text of the choice is what is stored: a title would be taken for a search
  const options = rows.map(({ identifier }) => ({ value: identifier, label: identifier }));
  const titles = new Map(rows.map(({ identifier, title }) => [identifier, title]));
  const known = options.some(({ value }) => value === entity);
  return (
    <Select
      label="Show values of"
      placeholder={draft.preview?.entities === 0 ? 'there is no entity yet' : 'an entity'}
      data={entity !== undefined && !known ? [...options, { value: entity, label: entity }] : options}
      value={entity ?? null}
      onChange={(next) => next && setEntity(next)}
      renderOption={({ option: { value } }) => (
        <span>
          {titles.get(value) ?? value} {titles.has(value) && titles.get(value) !== value && <Mono dim>{value}</Mono>}
        </span>
      )}
      searchable
      searchValue={typed}
      onSearchChange={setTyped}
      filter={({ options: all }) => all}
      allowDeselect={false}
      onDropdownOpen={() => setOpened(true)}
      nothingFoundMessage={data ? 'Nothing found' : 'Looking…'}
      maw={360}
      mb={12}
    />
  );
}
