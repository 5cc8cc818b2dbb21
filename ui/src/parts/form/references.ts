import { isObject } from './types';

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : value === undefined || value === null ? [] : [value]);

/** Backstage's filter object as its API takes it: sets of conditions, of which one has to hold. */
export function filterOf(filter: unknown, kinds: unknown): string[] {
  const sets = listOf(filter).filter(isObject).map((set) => Object.entries(set).flatMap(([key, value]) => listOf(value).map((one) => (isObject(one) ? key : `${key}=${String(one)}`))).join(','));
  if (sets.length > 0) return sets;
  return listOf(kinds).map((kind) => `kind=${String(kind)}`);
}

/** Kinds that a field's options name. */
export function kindsOf(options: Record<string, unknown>): string[] {
  const named = listOf(options.catalogFilter).filter(isObject).flatMap((set) => listOf(set.kind));
  return (named.length > 0 ? named : listOf(options.allowedKinds)).filter((kind): kind is string => typeof kind === 'string');
}

/** What is typed in short, with the kind and the namespace that go without saying. */
export function fullRef(typed: string, { defaultKind, defaultNamespace }: Record<string, unknown>): string {
  const [kind, rest] = typed.includes(':') ? [typed.slice(0, typed.indexOf(':')), typed.slice(typed.indexOf(':') + 1)] : [undefined, typed];
  const whole = rest.includes('/') ? rest : typeof defaultNamespace === 'string' ? `${defaultNamespace}/${rest}` : defaultNamespace === false ? rest : `default/${rest}`;
  const sort = kind ?? (typeof defaultKind === 'string' ? defaultKind : undefined);
  return sort ? `${sort}:${whole}`.toLowerCase() : typed;
}
