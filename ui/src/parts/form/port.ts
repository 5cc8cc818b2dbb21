import { words } from '~/lib/text';
import { isObject, type FormPage, type Schema, type Values } from './types';
import { missingFor } from './validate';

/** Port's inputs as the server resolves them: nothing is a program any more. */
export interface UserInputs {
  properties?: Record<string, Schema>;
  required?: string[];
  order?: string[];
  steps?: { title: string; order?: string[]; visible?: boolean }[];
  titles?: Record<string, { title: string; description?: string; visible?: boolean }>;
}

/** The pages of a form made of Port's inputs. */
export function pagesOf(inputs: UserInputs, values: Values): FormPage[] {
  const properties = inputs.properties ?? {};
  const headings = Object.fromEntries(Object.entries(inputs.titles ?? {}).filter(([, { visible }]) => visible !== false));
  const required = Array.isArray(inputs.required) ? inputs.required : [];
  const page = (keys: string[], title?: string): FormPage => ({
    title,
    headings,
    schema: {
      type: 'object',
      properties: Object.fromEntries(keys.flatMap((key) => (properties[key] ? [[key, fieldOf(key, properties[key], properties, values)]] : []))),
      required: required.filter((key) => keys.includes(key)),
      'ui:order': keys,
    },
  });
  const steps = (inputs.steps ?? []).filter(({ visible }) => visible !== false);
  if (steps.length > 0) {
    const named = new Set((inputs.steps ?? []).flatMap(({ order }) => order ?? []));
    const rest = Object.keys(properties).filter((key) => !named.has(key));
    return steps.map(({ title, order = [] }, i) => page(i === steps.length - 1 ? [...order, ...rest] : order, title));
  }
  const order = inputs.order ?? [];
  return [page([...order, ...Object.keys(properties).filter((key) => !order.includes(key))])];
}

function fieldOf(key: string, input: Schema, all: Record<string, Schema>, values: Values): Schema {
  const { dependsOn, visible, disabled, title, ...rest } = input;
  const out: Schema = { ...rest, title: title ?? words(key) };
  if (visible === false) out['sd:hidden'] = true;
  const missing = missingFor(Array.isArray(dependsOn) ? dependsOn.map(String) : [], values);
  if (disabled === true) out['sd:disabled'] = true;
  if (missing.length > 0) out['sd:disabled'] = `First: ${missing.map((one) => all[one]?.title ?? words(one)).join(', ')}.`;
  // a format of Port's is no format of JSON schema, and what remains of a program says nothing
  for (const [name, value] of Object.entries(out)) if (isObject(value) && 'jqQuery' in value) delete out[name];
  return out;
}
