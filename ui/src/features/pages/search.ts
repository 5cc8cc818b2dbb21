/** A flag of the address. */
const isOn = (value: unknown) => (value === true || value === 'true' ? true : undefined);

export interface PageSearch {
  edit?: boolean;
  /** Identifiers of the page filters that are on. */
  filter?: string[];
}

export function readPageSearch(raw: Record<string, unknown>): PageSearch {
  const filter = String(raw.filter ?? '').split(',').filter(Boolean);
  return { edit: isOn(raw.edit), filter: filter.length > 0 ? filter : undefined };
}

export interface PagesSearch {
  /** The window for a new dashboard is open. */
  create?: boolean;
}

export const readPagesSearch = (raw: Record<string, unknown>): PagesSearch => ({ create: isOn(raw.create) });
