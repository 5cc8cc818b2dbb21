/** A place in a JSON value at which two of them differ. */
export interface Difference {
  /** `properties.tags[2]`; empty for the whole. */
  path: string;
  kind: 'added' | 'removed' | 'changed';
  before?: string;
  after?: string;
}

/** What changed from one JSON value to another, by the deepest places that differ. Null and absent are nothing. */
export function differences(before: unknown, after: unknown, path = ''): Difference[] {
  if (isNothing(before) && isNothing(after)) return [];
  if (isRecord(before) && isRecord(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return keys.flatMap((key) => differences(own(before, key), own(after, key), path ? `${path}.${key}` : key));
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    const length = Math.max(before.length, after.length);
    return Array.from({ length }, (_, i) => differences(before[i], after[i], `${path}[${i}]`)).flat();
  }
  // what is wholly new or gone is told part by part as well
  if (isNothing(before) && isRecord(after)) return differences({}, after, path);
  if (isRecord(before) && isNothing(after)) return differences(before, {}, path);
  if (isNothing(before)) return [{ path, kind: 'added', after: show(after) }];
  if (isNothing(after)) return [{ path, kind: 'removed', before: show(before) }];
  return show(before) === show(after) ? [] : [{ path, kind: 'changed', before: show(before), after: show(after) }];
}

// a key of the data may be called like something that every object has
const own = (value: Record<string, unknown>, key: string) => (Object.hasOwn(value, key) ? value[key] : undefined);

const isNothing = (value: unknown): value is null | undefined => value === null || value === undefined;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

// quotes tell the text 3 from the number, and an empty text from nothing
const show = (value: unknown) => JSON.stringify(value);
