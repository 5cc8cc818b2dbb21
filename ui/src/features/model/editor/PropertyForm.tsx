import { Checkbox, NumberInput, Select, TextInput } from '@mantine/core';
import { useEditing } from './context';
import { definitions, patched, requiredOf, text, withRequired, type Definition } from './draft';
import classes from './editor.module.css';
import { Choices } from './Choices';
import { DefaultField } from './DefaultField';
import { choicesOf, turned, typeOf } from './propertyTypes';

export interface DefinitionFormProps {
  name: string;
  definition: Definition;
  onChange: (next: Definition) => void;
}

/** Everything about one stored property. */
export function PropertyForm({ name, definition, onChange }: DefinitionFormProps) {
  const { draft, stored } = useEditing();
  const before = definitions(stored, 'properties')[name];
  const type = typeOf(definition);
  const put = (patch: Definition) => onChange(patched(definition, patch));
  return (
    <>
      <Titles definition={definition} put={put} />
      <div className={classes.row}>
        <Select
          label="Type"
          description={before ? 'Type and format stay: for another one, remove the property and add it anew.' : undefined}
          data={choicesOf(before)}
          value={type?.id ?? null}
          placeholder={`${text(definition.type)} ${text(definition.format)}`}
          onChange={(id) => id && onChange(turned(definition, id))}
          searchable
          allowDeselect={false}
        />
        <Checkbox
          label="Required"
          description="An entity cannot be written without it."
          checked={requiredOf(draft.body).includes(name)}
          onChange={(event) => draft.setBody(withRequired(draft.body, name, event.currentTarget.checked))}
        />
      </div>
      <Values definition={definition} onChange={onChange} />
      <Limits definition={definition} put={put} />
      <DefaultField definition={definition} onChange={(value) => put({ default: value })} />
    </>
  );
}

export function Titles({ definition, put }: { definition: Definition; put: (patch: Definition) => void }) {
  return (
    <div className={classes.row}>
      <TextInput label="Title" maxLength={100} value={text(definition.title)} onChange={(event) => put({ title: event.currentTarget.value })} />
      <TextInput label="Description" value={text(definition.description)} onChange={(event) => put({ description: event.currentTarget.value })} />
    </div>
  );
}

/** Values to choose from, of the property itself or of its items. */
function Values({ definition, onChange }: Omit<DefinitionFormProps, 'name'>) {
  const items = definition.items as Definition | undefined;
  if (definition.type === 'array') {
    const change = (next: Definition) => onChange({ ...definition, items: next });
    return (
      <>
        <ItemType items={items ?? {}} onChange={change} />
        {Array.isArray(items?.enum) && <Choices definition={items} colours="enumColors" onChange={change} />}
      </>
    );
  }
  return Array.isArray(definition.enum) ? <Choices definition={definition} colours="enumColors" onChange={onChange} /> : null;
}

const itemTypes = [
  { value: 'string', label: 'Text' },
  { value: 'string/url', label: 'URL' },
  { value: 'string/user', label: 'Person' },
  { value: 'string/team', label: 'Team' },
  { value: 'string/email', label: 'E-mail' },
  { value: 'string/date-time', label: 'Date and time' },
  { value: 'string/blueprints', label: 'Blueprint' },
  { value: 'number', label: 'Number' },
  { value: 'boolean', label: 'Yes or no' },
  { value: 'object', label: 'Object' },
];

function ItemType({ items, onChange }: { items: Definition; onChange: (next: Definition) => void }) {
  if (Array.isArray(items.enum)) return null;
  const value = [text(items.type) || 'string', items.format].filter(Boolean).join('/');
  return (
    <Select
      label="Each item is"
      data={itemTypes}
      value={value}
      onChange={(next) => {
        const [type, format] = (next ?? 'string').split('/');
        onChange(patched({ ...items, type }, { format }));
      }}
      allowDeselect={false}
      maw={260}
    />
  );
}

const plainTexts = new Set([undefined, 'markdown', 'yaml', 'proto', 'url', 'email', 'idn-email']);

function Limits({ definition, put }: { definition: Definition; put: (patch: Definition) => void }) {
  const number = (key: string, label: string, min?: number) => (
    <NumberInput
      key={key}
      size="xs"
      label={label}
      min={min}
      value={typeof definition[key] === 'number' ? definition[key] : ''}
      onChange={(value) => put({ [key]: value === '' ? undefined : Number(value) })}
    />
  );
  if (definition.type === 'number' && !definition.enum) {
    return <div className={classes.row}>{[number('minimum', 'At least'), number('maximum', 'At most')]}</div>;
  }
  if (definition.type === 'array') {
    return (
      <div className={classes.row}>
        {[number('minItems', 'Items, at least', 0), number('maxItems', 'Items, at most', 0)]}
        <Checkbox label="Each item once" checked={definition.uniqueItems === true} onChange={(event) => put({ uniqueItems: event.currentTarget.checked || undefined })} />
      </div>
    );
  }
  if (definition.type === 'string' && !definition.enum && plainTexts.has(definition.format as string | undefined)) {
    return (
      <div className={classes.row}>
        {[number('minLength', 'Characters, at least', 0), number('maxLength', 'Characters, at most', 0)]}
        <TextInput label="Pattern" placeholder="^[a-z-]+$" styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }} value={text(definition.pattern)} onChange={(event) => put({ pattern: event.currentTarget.value })} />
      </div>
    );
  }
  return null;
}

