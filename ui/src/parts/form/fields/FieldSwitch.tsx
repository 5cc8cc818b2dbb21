import type { ComponentType } from 'react';
import { optionsOf, typeOf, type FieldProps, type Schema } from '../types';
import { BooleanField } from './BooleanField';
import { ChoiceField, choicesOf } from './ChoiceField';
import { CodeField } from './CodeField';
import { DateField } from './DateField';
import { EntityField, PersonField, TeamField } from './EntityField';
import { CatalogField, GroupsField, OwnedField, OwnerField } from './CatalogField';
import { ListField } from './ListField';
import { LinkField, ObjectField } from './ObjectField';
import { NumberField } from './NumberField';
import { RepoField } from './RepoField';
import { SecretField } from './SecretField';
import { TagsField } from './TagsField';
import { LongTextField, TextField, WordsField } from './TextField';

type Field = ComponentType<FieldProps>;

/** Fields of templates by `ui:field`. One line adds one. */
const extensions: Record<string, Field> = {
  EntityNamePicker: TextField,
  EntityPicker: CatalogField,
  MultiEntityPicker: CatalogField,
  OwnerPicker: OwnerField,
  OwnedEntityPicker: OwnedField,
  MyGroupsPicker: GroupsField,
  EntityTagsPicker: TagsField,
  RepoUrlPicker: RepoField,
  RepoBranchPicker: TextField,
  RepoOwnerPicker: TextField,
  Secret: SecretField,
};

const widgets: Record<string, Field> = { textarea: LongTextField, password: SecretField, date: DateField, datetime: DateField, 'date-time': DateField };

const formats: Record<string, Field> = {
  'multi-line': LongTextField,
  markdown: LongTextField,
  proto: LongTextField,
  yaml: CodeField,
  'date-time': DateField,
  timer: DateField,
  date: DateField,
  time: DateField,
  entity: EntityField,
  user: PersonField,
  team: TeamField,
  password: SecretField,
};

/** Which field asks for a value of a schema. */
export function fieldFor(schema: Schema): Field {
  const { field, widget } = optionsOf(schema);
  const named = extensions[String(field)] ?? widgets[String(widget)];
  if (named) return named;
  if (schema.encryption !== undefined) return SecretField;
  const type = typeOf(schema);
  if (type === 'array') return listFor(schema);
  if (type === 'boolean' && !choicesOf(schema)) return BooleanField;
  if (choicesOf(schema)) return ChoiceField;
  if (type === 'number' || type === 'integer') return NumberField;
  if (type === 'object') return schema.format === 'labeled-url' ? LinkField : schema.properties ? ObjectField : CodeField;
  if (type === undefined && !schema.format) return TextField;
  return formats[String(schema.format)] ?? TextField;
}

function listFor(schema: Schema): Field {
  const items = Array.isArray(schema.items) ? undefined : schema.items;
  if (!items) return schema.items ? ListField : CodeField;
  if (choicesOf(items)) return ChoiceField;
  const named = extensions[String(items['ui:field'])];
  if (named === CatalogField || named === OwnerField) return named;
  if (items.format === 'entity') return EntityField;
  if (items.format === 'user') return PersonField;
  if (items.format === 'team') return TeamField;
  const type = typeOf(items);
  const plain = (type === 'string' || type === 'number' || type === 'integer') && !items['ui:field'] && !['yaml', 'markdown', 'multi-line', 'date-time', 'date'].includes(String(items.format));
  return plain ? WordsField : ListField;
}

/** A field of whatever sort its schema asks for. */
export function FieldSwitch(props: FieldProps) {
  const Found = fieldFor(props.schema);
  const { field } = optionsOf(props.schema);
  const unknown = typeof field === 'string' && !(field in extensions);
  const note = unknown ? [props.description, `This portal has no field “${field}”: fill in the value itself.`].filter(Boolean).join(' ') : props.description;
  return <Found {...props} description={note} />;
}
