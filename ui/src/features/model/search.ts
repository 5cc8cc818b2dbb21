export interface ModelSearch {
  q?: string;
  blueprint?: string;
}

export function readModelSearch(raw: Record<string, unknown>): ModelSearch {
  return { q: text(raw.q), blueprint: text(raw.blueprint) };
}

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);
