import { Validator, type OutputUnit } from '@cfworker/json-schema';
import { cleaned, effective } from './effective';
import { extensionErrors } from './extensions';
import { isBlank, isObject, part, type Errors, type Schema } from './types';

/** What is wrong with the values, in words, by place. */
export function validate(schema: Schema, values: unknown): Errors {
  const value = cleaned(schema, values) ?? {};
  const shape = inFull(schema, value, schema, 0);
  const errors: Errors = { ...extensionErrors(shape, value) };
  let found: OutputUnit[] = [];
  try {
    found = new Validator(shape as never, '7', false).validate(value).errors;
  } catch {
    // the schema itself is wrong; the server says so
  }
  for (const unit of found) {
    const sayings = wordsFor(unit, shape);
    if (sayings) errors[sayings.path] ??= sayings.message;
  }
  return errors;
}

/** The schema with everything that depends on values worked in, and with nothing that a validator stumbles over. */
function inFull(schema: Schema, value: unknown, root: Schema, depth: number): Schema {
  const { default: _, definitions: __, $defs: ___, ...here } = effective(schema, value, root, depth);
  const out: Schema = { ...here };
  if (typeof out.pattern === 'string' && !isPattern(out.pattern)) delete out.pattern;
  if (out.format === 'url') out.format = 'uri';
  if (here.properties && depth < 24) {
    const inner = isObject(value) ? value : {};
    // what is not asked for now is not missed
    const shown = Object.entries(here.properties).filter(([, one]) => one['sd:hidden'] !== true);
    out.properties = Object.fromEntries(shown.map(([key, one]) => [key, inFull(one, inner[key], root, depth + 1)]));
    out.required = here.required?.filter((key) => here.properties?.[key]?.['sd:hidden'] !== true);
  }
  if (isObject(here.items)) out.items = inFull(here.items, Array.isArray(value) ? value[0] : undefined, root, depth + 1);
  return out;
}

function isPattern(pattern: string): boolean {
  try {
    new RegExp(pattern, 'u');
    return true;
  } catch {
    return false;
  }
}

/** Errors of containers repeat those of their parts. */
const containers = new Set(['properties', 'items', 'allOf', '$ref', 'if', 'then', 'else', 'dependencies']);

function wordsFor({ instanceLocation, keyword, keywordLocation, error }: OutputUnit, schema: Schema): { path: string; message: string } | undefined {
  if (containers.has(keyword)) return undefined;
  const path = instanceLocation.replace(/^#/, '');
  const saying = pointed(schema, keywordLocation);
  if (keyword === 'required') {
    const missing = /"([^"]+)"/.exec(error)?.[1];
    return missing === undefined ? undefined : { path: path + part(missing), message: 'This has to be filled in.' };
  }
  const owner = pointed(schema, keywordLocation.slice(0, keywordLocation.lastIndexOf('/')));
  return { path, message: message(keyword, saying, isObject(owner) ? (owner as Schema) : {}) ?? error };
}

const counted = (n: unknown, one: string) => `${String(n)} ${n === 1 ? one : `${one}s`}`;

function message(keyword: string, saying: unknown, owner: Schema): string | undefined {
  const own = owner.errorMessage ?? owner['ui:errorMessage'];
  switch (keyword) {
    case 'minLength':
      return `At least ${counted(saying, 'character')}.`;
    case 'maxLength':
      return `At most ${counted(saying, 'character')}.`;
    case 'pattern':
      return typeof own === 'string' ? own : `It has to match ${String(saying)}`;
    case 'minimum':
      return `At least ${String(saying)}.`;
    case 'maximum':
      return `At most ${String(saying)}.`;
    case 'exclusiveMinimum':
      return `More than ${String(saying)}.`;
    case 'exclusiveMaximum':
      return `Less than ${String(saying)}.`;
    case 'multipleOf':
      return `A multiple of ${String(saying)}.`;
    case 'minItems':
      return `At least ${counted(saying, 'item')}.`;
    case 'maxItems':
      return `At most ${counted(saying, 'item')}.`;
    case 'uniqueItems':
      return 'Each item only once.';
    case 'enum':
      return Array.isArray(saying) && saying.length <= 8 ? `One of ${saying.map(String).join(', ')}.` : 'Choose one of those offered.';
    case 'const':
      return `It has to be ${String(saying)}.`;
    case 'type':
      return `It has to be ${({ integer: 'a whole number', number: 'a number', boolean: 'yes or no', array: 'a list', object: 'an object', string: 'a text' } as Record<string, string>)[String(saying)] ?? String(saying)}.`;
    case 'format':
      return ({ uri: 'A web address, with https:// in front.', email: 'An e-mail address.', 'date-time': 'A date and a time.', ipv4: 'An IPv4 address.', ipv6: 'An IPv6 address.' } as Record<string, string>)[String(saying)];
    case 'false':
      return 'This is not asked for.';
    default:
      return undefined;
  }
}

function pointed(schema: unknown, pointer: string): unknown {
  const keys = pointer.replace(/^#\/?/, '').split('/').filter(Boolean);
  return keys.reduce<unknown>((at, key) => {
    const name = decodeURIComponent(key).replaceAll('~1', '/').replaceAll('~0', '~');
    if (Array.isArray(at)) return at[Number(name)];
    return isObject(at) ? at[name] : undefined;
  }, schema);
}

/** Places are compared by what they lie in: `/a` is of a page that has `a`. */
export const firstOf = (path: string) => (path.split('/')[1] ?? '').replaceAll('~1', '/').replaceAll('~0', '~');

/** Fields that must have a value before this one can be filled in. */
export const missingFor = (needed: string[], values: Record<string, unknown>) => needed.filter((key) => isBlank(values[key]));
