export interface ActionsSearch {
  q?: string;
  /** Identifier of the one that is open. */
  edit?: string;
  /** A new one. */
  create?: 'action' | 'automation';
}

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);

export function readActionsSearch(raw: Record<string, unknown>): ActionsSearch {
  return { q: text(raw.q), edit: text(raw.edit), create: (['action', 'automation'] as const).find((one) => one === raw.create) };
}
