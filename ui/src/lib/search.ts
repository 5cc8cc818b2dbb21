/**
 * The search part of the address. Plain `key=value` pairs; filters are written `f.<field>=<value>`,
 * once per value, with `~` for "missing" (a value that begins with `~` gets one more).
 */
export type FilterValue = string | null;
export type Filters = Record<string, FilterValue[]>;

export function parseSearch(search: string): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  const filters: Filters = {};
  for (const [key, value] of new URLSearchParams(search)) {
    if (key.startsWith('f.')) (filters[key.slice(2)] ??= []).push(readValue(value));
    else out[key] = value;
  }
  if (Object.keys(filters).length > 0) out.filters = filters;
  return out;
}

export function stringifySearch(search: Record<string, unknown>): string {
  const pairs: string[] = [];
  for (const [key, value] of Object.entries(search)) {
    if (key === 'filters') {
      for (const [field, values] of Object.entries((value ?? {}) as Filters)) {
        for (const one of values) pairs.push(pair(`f.${field}`, writeValue(one)));
      }
    } else if (value !== undefined && value !== null && value !== '') {
      pairs.push(pair(key, String(value)));
    }
  }
  return pairs.length > 0 ? `?${pairs.join('&')}` : '';
}

/** Adds or removes one value of one filter; an empty filter goes away. */
export function toggleFilter(filters: Filters, field: string, value: FilterValue): Filters {
  const old = filters[field] ?? [];
  const values = old.includes(value) ? old.filter((one) => one !== value) : [...old, value];
  return setFilter(filters, field, values);
}

export function setFilter(filters: Filters, field: string, values: FilterValue[]): Filters {
  const { [field]: _, ...rest } = filters;
  return values.length > 0 ? { ...rest, [field]: values } : rest;
}

const readValue = (text: string) => (text === '~' ? null : text.replace(/^~~/, '~'));
const writeValue = (value: FilterValue) => (value === null ? '~' : value.replace(/^~/, '~~'));

const pair = (key: string, value: string) => `${encode(key)}=${encode(value)}`;

// refs stay readable: these characters are legal in a query
const encode = (text: string) =>
  encodeURIComponent(text).replace(/%3A/g, ':').replace(/%2F/g, '/').replace(/%2C/g, ',');
