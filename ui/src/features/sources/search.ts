export const sourceStates = ['fresh', 'stale', 'gone', 'held', 'conflict', 'errors', 'unread'] as const;
export type ShownState = (typeof sourceStates)[number];

export interface SourcesSearch {
  q?: string;
  state?: ShownState;
  /** Reference of the conflict that is open. */
  conflict?: string;
  /** The window for a new address is open. */
  register?: true;
}

export function readSourcesSearch(raw: Record<string, unknown>): SourcesSearch {
  return { q: text(raw.q), state: sourceStates.find((state) => state === raw.state), conflict: text(raw.conflict), register: raw.register === 'true' || raw.register === true ? true : undefined };
}

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);
