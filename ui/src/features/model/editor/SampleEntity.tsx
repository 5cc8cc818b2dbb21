import { Select } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { tableQuery } from '~/api/queries';
import { useEditing } from './context';

/** The entity on which derived values are shown. Without a choice it is the first one. */
export function SampleEntity() {
  const { blueprint, entity, setEntity } = useEditing();
  const [typed, setTyped] = useState('');
  const [search] = useDebouncedValue(typed, 200);
  const { data } = useQuery(tableQuery({ blueprint, limit: 20, search: search === entity ? undefined : search || undefined }));
  const rows = data?.rows ?? [];
  const first = rows[0]?.identifier;
  useEffect(() => {
    if (entity === undefined && first !== undefined) setEntity(first);
  }, [entity, first, setEntity]);
  const options = rows.map(({ identifier, title }) => ({ value: identifier, label: title === identifier ? identifier : `${title} (${identifier})` }));
  const known = options.some(({ value }) => value === entity);
  return (
    <Select
      label="Show values of"
      placeholder={data && rows.length === 0 ? 'there is no entity yet' : 'an entity'}
      data={entity !== undefined && !known ? [...options, { value: entity, label: entity }] : options}
      value={entity ?? null}
      onChange={(next) => next && setEntity(next)}
      searchable
      searchValue={typed}
      onSearchChange={setTyped}
      filter={({ options: all }) => all}
      allowDeselect={false}
      maw={360}
      mb={12}
    />
  );
}
