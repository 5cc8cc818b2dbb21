export interface HomeSearch {
  /** The window for the order of the page is open. */
  arrange?: true;
  /** The window about the examples is open. */
  examples?: true;
}

const on = (value: unknown) => (value === true || value === 'true' ? true : undefined);

export function readHomeSearch(raw: Record<string, unknown>): HomeSearch {
  return { arrange: on(raw.arrange), examples: on(raw.examples) };
}
