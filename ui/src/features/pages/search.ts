export interface PageSearch {
  edit?: boolean;
  /** Identifiers of the page filters that are on. */
  filter?: string[];
}

export function readPageSearch(raw: Record<string, unknown>): PageSearch {
  const filter = Array.isArray(raw.filter) ? raw.filter.filter((one): one is string => typeof one === 'string') : [];
  return { edit: raw.edit === true || undefined, filter: filter.length > 0 ? filter : undefined };
}

export interface PagesSearch {
  /** The window for a new dashboard is open. */
  create?: boolean;
}

export const readPagesSearch = (raw: Record<string, unknown>): PagesSearch => ({ create: raw.create === true || undefined });
