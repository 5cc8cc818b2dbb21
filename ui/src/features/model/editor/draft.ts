import type { Body } from '~/api/blueprints';

/** A map of definitions in a blueprint. */
export type Part = 'properties' | 'relations' | 'mirrorProperties' | 'calculationProperties' | 'aggregationProperties';
export type Definition = Record<string, unknown>;
export type Definitions = Record<string, Definition>;

const isMap = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The definitions of a part, in their order. What is no map of maps is left to the JSON editor. */
export function definitions(body: Body, part: Part): Definitions {
  const holder = part === 'properties' ? (isMap(body.schema) ? body.schema : {}) : body;
  const found = holder[part];
  if (!isMap(found)) return {};
  return Object.fromEntries(Object.entries(found).filter((entry): entry is [string, Definition] => isMap(entry[1])));
}

export function withDefinitions(body: Body, part: Part, change: (all: Definitions) => Definitions): Body {
  const next = change(definitions(body, part));
  if (part !== 'properties') return { ...body, [part]: next };
  const schema = isMap(body.schema) ? body.schema : {};
  return { ...body, schema: { ...schema, properties: next, required: requiredOf(body).filter((key) => key in next) } };
}

export function requiredOf(body: Body): string[] {
  const list = isMap(body.schema) ? body.schema.required : undefined;
  return Array.isArray(list) ? list.filter((key) => typeof key === 'string') : [];
}

export function withRequired(body: Body, key: string, required: boolean): Body {
  const others = requiredOf(body).filter((other) => other !== key);
  const schema = isMap(body.schema) ? body.schema : {};
  return { ...body, schema: { ...schema, required: required ? [...others, key] : others } };
}

/** A definition with some of its keys changed; undefined and empty texts take a key away. */
export function patched(definition: Definition, patch: Definition): Definition {
  const next = { ...definition };
  for (const [key, value] of Object.entries(patch)) {
    if (value === undefined || value === '' || (Array.isArray(value) && value.length === 0 && key !== 'default')) delete next[key];
    else next[key] = value;
  }
  return next;
}

/** The same map with one key under another name, in its place. */
export function renamed(all: Definitions, from: string, to: string): Definitions {
  return Object.fromEntries(Object.entries(all).map(([key, value]) => [key === from ? to : key, value]));
}

/** `Cost a month` becomes `cost_a_month`. */
export function keyOf(title: string): string {
  return title
    .trim()
    .toLowerCase()
    .replace(/[^a-z0-9@=\-]+/g, '_')
    .replace(/^_+|_+$/g, '');
}

/** Every key that a value of an entity may stand under. */
export function allKeys(body: Body): Set<string> {
  const parts: Part[] = ['properties', 'mirrorProperties', 'calculationProperties', 'aggregationProperties'];
  return new Set(parts.flatMap((part) => Object.keys(definitions(body, part))));
}

export const text = (value: unknown) => (typeof value === 'string' ? value : '');
export const print = (body: Body) => JSON.stringify(body, null, 2);
