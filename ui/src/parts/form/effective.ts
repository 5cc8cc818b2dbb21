import { Validator } from '@cfworker/json-schema';
import { isObject, type Schema } from './types';

/** How deep definitions may refer to each other. */
const deepest = 24;

/**
 * What a schema asks for, given what has been filled in: references, `allOf`, `if`, `dependencies`, and the chosen one of
 * `oneOf` and `anyOf` are worked into its properties.
 */
export function effective(schema: Schema, value: unknown, root: Schema = schema, depth = 0): Schema {
  if (depth > deepest) return schema;
  const here = withReference(schema, root, depth);
  const { allOf, if: condition, then, else: otherwise, dependencies, dependentRequired, dependentSchemas, ...own } = here;
  const deeper = (more: unknown) => (isObject(more) ? effective(more as Schema, value, root, depth + 1) : {});
  let out: Schema = own;
  for (const one of Array.isArray(allOf) ? allOf : []) out = merge(out, deeper(one));
  if (condition !== undefined) out = merge(out, deeper(fits(condition, value, root) ? then : otherwise));
  for (const [key, needs] of Object.entries({ ...(isObject(dependencies) ? dependencies : {}), ...(isObject(dependentRequired) ? dependentRequired : {}), ...(isObject(dependentSchemas) ? dependentSchemas : {}) })) {
    if (!isObject(value) || value[key] === undefined || value[key] === null || value[key] === '') continue;
    out = merge(out, Array.isArray(needs) ? { required: needs as string[] } : without(key, deeper(needs)));
  }
  return chosen(out, value, root, depth);
}

function withReference(schema: Schema, root: Schema, depth: number): Schema {
  const { $ref, ...rest } = schema;
  if (typeof $ref !== 'string' || !$ref.startsWith('#/') || depth > deepest) return schema;
  const found = $ref.slice(2).split('/').reduce<unknown>((at, key) => (isObject(at) ? at[decodeURIComponent(key).replaceAll('~1', '/').replaceAll('~0', '~')] : undefined), root);
  return isObject(found) ? merge(withReference(found as Schema, root, depth + 1), rest) : rest;
}

/** What a dependency says of the property that it hangs on only tells which one it is. */
function without(key: string, schema: Schema): Schema {
  const { [key]: hinge, ...properties } = schema.properties ?? {};
  return hinge && fixedOf(hinge) ? { ...schema, properties } : schema;
}

/** Of alternatives among objects the one that the values fit; alternatives of a plain value stay, as choices. */
function chosen(schema: Schema, value: unknown, root: Schema, depth: number): Schema {
  for (const key of ['oneOf', 'anyOf']) {
    const alternatives = schema[key] as Schema[] | undefined;
    if (!Array.isArray(alternatives) || !alternatives.some((one) => one?.properties || one?.required || one?.$ref)) continue;
    const { [key]: _, ...own } = schema;
    const all = alternatives.map((one) => withReference(one, root, depth));
    const by = tellingKeys(all);
    const fitting = all.find((one) => agrees(one, value, by) && fits(one, value, root)) ?? all.find((one) => agrees(one, value, by));
    const whole = fitting ? merge(own, effective(fitting, value, root, depth + 1)) : own;
    return { ...whole, properties: { ...telling(all, own), ...withoutAll(Object.keys(telling(all, own)), (whole.properties ?? {}) as Record<string, Schema>) } };
  }
  return schema;
}

/** Properties by whose fixed values the alternatives differ: they are what is chosen by. */
function telling(alternatives: Schema[], own: Schema): Record<string, Schema> {
  return Object.fromEntries(
    tellingKeys(alternatives).map((key) => {
      const values = alternatives.flatMap((one) => fixedOf(one.properties?.[key]) ?? []);
      return [key, own.properties?.[key] ?? { ...alternatives[0]?.properties?.[key], const: undefined, type: typeof values[0] === 'boolean' ? 'boolean' : 'string', enum: [...new Set(values)] }];
    }),
  );
}

const tellingKeys = (alternatives: Schema[]) => Object.keys(alternatives[0]?.properties ?? {}).filter((key) => alternatives.every((one) => fixedOf(one.properties?.[key])));

const withoutAll = (keys: string[], properties: Record<string, Schema>) => Object.fromEntries(Object.entries(properties).filter(([key]) => !keys.includes(key)));

/** The values that a schema leaves. */
const fixedOf = (schema: Schema | undefined): unknown[] | undefined => (schema?.const !== undefined ? [schema.const] : Array.isArray(schema?.enum) ? schema.enum : undefined);

/** Nothing that is filled in already speaks against it: only fixed values are looked at, for the rest is still to come. */
function agrees(schema: Schema, value: unknown, by: string[]): boolean {
  return Object.entries(schema.properties ?? {}).every(([key, one]) => {
    const fixed = fixedOf(one);
    // where something tells them apart, a choice that is still to be made is not against it
    return !fixed || (by.length > 0 && !by.includes(key)) || (isObject(value) && fixed.includes(value[key]));
  });
}

function fits(schema: unknown, value: unknown, root: Schema): boolean {
  if (typeof schema === 'boolean') return schema;
  try {
    const definitions = { definitions: root.definitions, $defs: root.$defs };
    return new Validator({ ...definitions, ...(schema as object) }, '7').validate(value ?? {}).valid;
  } catch {
    return false;
  }
}

/** The first, and what the second says more. */
export function merge(first: Schema, second: Schema): Schema {
  const out: Schema = { ...first };
  for (const [key, value] of Object.entries(second)) {
    const old = out[key];
    if (key === 'required' && Array.isArray(old) && Array.isArray(value)) out.required = [...new Set([...(old as string[]), ...(value as string[])])];
    else if (key === 'properties' && isObject(old) && isObject(value)) out.properties = mergeProperties(old as Record<string, Schema>, value as Record<string, Schema>);
    else out[key] = value;
  }
  return out;
}

function mergeProperties(first: Record<string, Schema>, second: Record<string, Schema>): Record<string, Schema> {
  const out = { ...first };
  for (const [key, schema] of Object.entries(second)) out[key] = out[key] ? merge(out[key], schema) : schema;
  return out;
}

/** Property keys in the order in which they are asked for: `ui:order` with its `*`, else as they stand. */
export function ordered(schema: Schema): string[] {
  const keys = Object.keys(schema.properties ?? {});
  const order = schema['ui:order'];
  if (!Array.isArray(order)) return keys;
  const wanted = order.map(String);
  const rest = keys.filter((key) => !wanted.includes(key));
  const at = wanted.indexOf('*');
  return (at < 0 ? [...wanted, ...rest] : [...wanted.slice(0, at), ...rest, ...wanted.slice(at + 1)]).filter((key) => key !== '*');
}

/** What was filled in, and defaults where nothing was. Null says that something was taken out: it stays out. */
export function withDefaults(schema: Schema, value: unknown, root: Schema = schema, depth = 0): unknown {
  const found = value === undefined ? schema.default : value;
  if (depth > deepest) return found;
  if (!isObject(found) && !(found === undefined && schema.properties)) return found;
  let out: Record<string, unknown> = { ...(isObject(found) ? found : {}) };
  // a default may be what a condition asks for, and so bring further properties
  for (let round = 0; round < 3; round++) {
    const { properties = {} } = effective(schema, out, root, depth);
    const next = { ...out };
    for (const [key, one] of Object.entries(properties)) {
      if (!isObject(one)) continue;
      const filled = withDefaults(effective(one as Schema, out[key], root, depth + 1), out[key], root, depth + 1);
      if (filled !== undefined && !(isObject(filled) && Object.keys(filled).length === 0 && out[key] === undefined)) next[key] = filled;
    }
    const same = JSON.stringify(next) === JSON.stringify(out);
    out = next;
    if (same) break;
  }
  return out;
}

/** What is sent: without what is empty, and without what the form no longer asks for. */
export function cleaned(schema: Schema, value: unknown, root: Schema = schema, depth = 0): unknown {
  if (value === null || value === '' || value === undefined) return undefined;
  if (Array.isArray(value)) return value.map((item, i) => cleaned(itemSchema(schema, i), item, root, depth + 1)).filter((item) => item !== undefined);
  if (!isObject(value)) return value;
  const { properties } = effective(schema, value, root, depth);
  const keys = properties ? Object.keys(value).filter((key) => key in properties || schema.additionalProperties) : Object.keys(value);
  const pairs = keys.map((key) => [key, cleaned((properties?.[key] ?? {}) as Schema, value[key], root, depth + 1)] as const);
  return Object.fromEntries(pairs.filter(([, one]) => one !== undefined));
}

const itemSchema = (schema: Schema, at: number): Schema => (Array.isArray(schema.items) ? (schema.items[at] as Schema) : schema.items) ?? {};
