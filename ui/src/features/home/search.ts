export interface HomeSearch {
  /** The window for the order of the page is open. */
  arrange?: true;
}

export function readHomeSearch(raw: Record<string, unknown>): HomeSearch {
  return { arrange: raw.arrange === true || raw.arrange === 'true' ? true : undefined };
}
