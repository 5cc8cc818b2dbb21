export interface ModelSearch {
  q?: string;
  blueprint?: string;
  /** The window for a new one is open. */
  create?: true;
  /** The blueprint that somebody is about to delete. */
  remove?: string;
}

export function readModelSearch(raw: Record<string, unknown>): ModelSearch {
  return { q: text(raw.q), remove: text(raw.remove), blueprint: text(raw.blueprint), create: raw.create === 'true' || raw.create === true ? true : undefined };
}

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);
