import type { Filters } from '~/lib/search';

/** The state of a catalog page, all of it in the address. */
export interface CatalogSearch {
  q?: string;
  /** The field to sort by, with a `-` in front for descending. */
  sort?: string;
  page?: number;
  /** The chosen columns, when they are not the usual ones. */
  cols?: string;
  filters?: Filters;
}

export function readCatalogSearch(raw: Record<string, unknown>): CatalogSearch {
  const page = Math.floor(Number(raw.page));
  return {
    q: text(raw.q),
    sort: text(raw.sort),
    page: page > 1 ? page : undefined,
    cols: text(raw.cols),
    filters: isFilters(raw.filters) ? raw.filters : undefined,
  };
}

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);

const isFilters = (value: unknown): value is Filters =>
  typeof value === 'object' && value !== null && Object.values(value).every(Array.isArray);
