import { readGraphState, type GraphState } from '~/parts/graph/state';

export interface GraphSearch extends GraphState {
  /** Reference of an entity. */
  entity?: string;
  blueprint?: string;
  id?: string;
  /** What a query finds, as text. */
  query?: string;
}

export function readGraphSearch(raw: Record<string, unknown>): GraphSearch {
  const text = (key: string) => (typeof raw[key] === 'string' && raw[key] !== '' ? raw[key] : undefined);
  return { entity: text('entity'), blueprint: text('blueprint'), id: text('id'), query: text('query'), ...readGraphState(raw) };
}
