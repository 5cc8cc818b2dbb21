/** A JSON schema with what the two dialects add to it: `ui:…` of templates, and what Port's inputs say beside their type. */
export interface Schema {
  type?: string | string[];
  format?: string;
  title?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  const?: unknown;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  minimum?: number;
  maximum?: number;
  multipleOf?: number;
  minItems?: number;
  maxItems?: number;
  [key: string]: unknown;
}

export type Values = Record<string, unknown>;

/** A step of a form. */
export interface FormPage {
  title?: string;
  description?: string;
  /** Of an object. */
  schema: Schema;
  /** Words between the fields, by their id in the order. */
  headings?: Record<string, { title: string; description?: string }>;
}

/** What is wrong, by the place of the value: `/labels/0`. */
export type Errors = Record<string, string>;

/** What a field is given, whatever it looks like. */
export interface FieldProps {
  /** `/labels/0` */
  path: string;
  /** The property's key. */
  name: string;
  schema: Schema;
  label: string;
  description?: string;
  value: unknown;
  onChange: (value: unknown) => void;
  required: boolean;
  /** It cannot be filled in now; a text says why. */
  disabled: boolean;
  error?: string;
  autoFocus?: boolean;
}

/** The options of a field, from `ui:options` and from `ui:<name>` beside it. */
export function optionsOf(schema: Schema): Record<string, unknown> {
  const options = { ...(schema['ui:options'] as Record<string, unknown> | undefined) };
  for (const [key, value] of Object.entries(schema)) {
    if (key.startsWith('ui:') && key !== 'ui:options') options[key.slice(3)] = value;
  }
  return options;
}

/** The type that a value is to have; of several the first that says something. */
export function typeOf(schema: Schema): string | undefined {
  const { type } = schema;
  if (Array.isArray(type)) return type.find((one) => one !== 'null');
  if (type) return type;
  if (schema.properties) return 'object';
  if (schema.items) return 'array';
  return undefined;
}

export const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Nothing has been filled in. */
export const isBlank = (value: unknown) => value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);

/** A part of a path. */
export const part = (key: string | number) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;
