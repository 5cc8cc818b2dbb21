import { Select } from '@mantine/core';
import { useModel } from '~/parts/model';
import { useEditing } from './context';
import { patched, text, type Definition } from './draft';
import { endOf, metaProperties, propertiesOf } from './fields';
import { LiveValue } from './LiveValue';
import { PathPicker } from './PathPicker';
import { Titles, type DefinitionFormProps } from './PropertyForm';

/** A value at the end of a path of relations. */
export function MirrorForm({ name, definition, onChange }: DefinitionFormProps) {
  const model = useModel();
  const { blueprint, draft } = useEditing();
  const own = { identifier: blueprint, body: draft.body };
  const put = (patch: Definition) => onChange(patched(definition, patch));
  const steps = text(definition.path).split('.').filter(Boolean);
  const path = steps.slice(0, -1);
  const last = steps.at(-1);
  const end = path.length > 0 ? endOf(model, blueprint, path, own) : undefined;
  const known = end === undefined ? [] : propertiesOf(model, end, own);
  const options = [
    { group: 'Properties', items: known.map(({ value, label }) => ({ value, label })) },
    { group: 'Of every entity', items: metaProperties },
  ];
  const listed = options.some(({ items }) => items.some(({ value }) => value === last));
  return (
    <>
      <Titles definition={definition} put={put} />
      <PathPicker label="Through" from={blueprint} path={path} onChange={(next) => put({ path: [...next, '$title'].join('.') })} />
      <Select
        label="Value there"
        data={last !== undefined && !listed ? [...options, { group: 'Not there', items: [{ value: last, label: last }] }] : options}
        value={path.length > 0 ? (last ?? null) : null}
        onChange={(key) => key && put({ path: [...path, key].join('.') })}
        disabled={path.length === 0}
        searchable
        allowDeselect={false}
        maw={360}
      />
      <LiveValue name={name} />
    </>
  );
}
