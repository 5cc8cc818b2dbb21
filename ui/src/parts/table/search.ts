import type { Sort } from '~/kit/DataTable';

/** What a table shows: all of it stands in the address. */
export interface TableSearch {
  /** Text of the query language. */
  query?: string;
  /** Fields, with a `-` in front for descending. */
  sort?: string;
  cols?: string;
  group?: string;
  /** `field:pixels`. */
  widths?: string;
  /** A saved view, whose query, order and so on hold where the address says nothing. */
  view?: string;
}

export function readTableSearch(raw: Record<string, unknown>): TableSearch {
  const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);
  return { query: text(raw.query), sort: text(raw.sort), cols: text(raw.cols), group: text(raw.group), widths: text(raw.widths), view: text(raw.view) };
}

/** A list in an address. What stands between quotes may have commas. */
export const listOf = (text: string | undefined): string[] => text?.match(/(?:"(?:[^"\\]|\\.)*"|[^,"])+/g) ?? [];

export const sortsOf = (sort: string[]): Sort[] =>
  sort.map((one) => (one.startsWith('-') ? { field: one.slice(1), order: 'desc' } : { field: one, order: 'asc' }));

export const sortText = (sorts: Sort[]): string => sorts.map(({ field, order }) => (order === 'desc' ? `-${field}` : field)).join(',');

/** A header steps through ascending, descending and unsorted. `add`: besides what it is sorted by already. */
export function nextSort(sorts: Sort[], field: string, add: boolean): Sort[] {
  const order = sorts.find((one) => one.field === field)?.order;
  const next: Sort[] = order === undefined ? [{ field, order: 'asc' }] : order === 'asc' ? [{ field, order: 'desc' }] : [];
  if (!add) return next;
  if (order === undefined) return [...sorts, ...next];
  return sorts.flatMap((one) => (one.field === field ? next : [one]));
}

export function widthsOf(text: string | undefined): Record<string, number> {
  const pairs = listOf(text).map((pair) => [pair.slice(0, pair.lastIndexOf(':')), Number(pair.slice(pair.lastIndexOf(':') + 1))] as const);
  return Object.fromEntries(pairs.filter(([field, width]) => field && width >= 40 && width <= 2000));
}

export const widthsText = (widths: Record<string, number>) => Object.entries(widths).map(([field, width]) => `${field}:${Math.round(width)}`).join(',');
