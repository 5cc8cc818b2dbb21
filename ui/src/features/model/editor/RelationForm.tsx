import { Checkbox, Select } from '@mantine/core';
import { useModel } from '~/parts/model';
import { useEditing } from './context';
import { patched, text, type Definition } from './draft';
import classes from './editor.module.css';
import { Titles, type DefinitionFormProps } from './PropertyForm';

/** Where a relation leads, and to how many. */
export function RelationForm({ definition, onChange }: DefinitionFormProps) {
  const model = useModel();
  const { blueprint } = useEditing();
  const put = (patch: Definition) => onChange(patched(definition, patch));
  const known = model.blueprints.map(({ identifier, title }) => ({ value: identifier, label: identifier === blueprint ? `${title} (itself)` : title }));
  const people = ['_user', '_team'].filter((one) => !known.some(({ value }) => value === one)).map((value) => ({ value, label: value === '_user' ? 'Person' : 'Team' }));
  return (
    <>
      <Titles definition={definition} put={put} />
      <Select
        label="Leads to"
        data={[...known, ...people]}
        value={text(definition.target) || null}
        onChange={(target) => target && put({ target })}
        searchable
        allowDeselect={false}
        placeholder="choose a blueprint"
        maw={360}
      />
      <div className={classes.row}>
        <Checkbox
          label="Many"
          description="To any number of entities."
          checked={definition.many === true}
          onChange={(event) => onChange({ ...definition, many: event.currentTarget.checked, ...(event.currentTarget.checked && { required: false }) })}
        />
        <Checkbox
          label="Required"
          description={definition.many === true ? 'Not where it has many.' : 'An entity cannot be written without it.'}
          disabled={definition.many === true}
          checked={definition.required === true}
          onChange={(event) => onChange({ ...definition, required: event.currentTarget.checked })}
        />
      </div>
    </>
  );
}
