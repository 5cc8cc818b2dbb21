import { readGraphState, type GraphState } from '~/parts/graph/state';

export const tabs = ['overview', 'related', 'graph', 'scorecards', 'runs', 'changes', 'source'] as const;
export type Tab = (typeof tabs)[number];
export const forms = ['yaml', 'backstage', 'port'] as const;
export type Form = (typeof forms)[number];

export interface EntitySearch extends GraphState {
  id: string;
  /** One of the built-in tabs, or one of the blueprint's page. */
  tab?: string;
  /** Which form the source tab shows. */
  form?: Form;
  /** What the related tab lists: steps of relations, `system/component system`, or `type:dependsOn`. */
  path?: string;
  page?: number;
  q?: string;
  /** The entity is being changed. */
  edit?: boolean;
  /** The commit that has deleted it: it can be taken back. */
  deleted?: number;
}

/** Addresses of before. */
const moved: Record<string, Tab> = { relations: 'related', raw: 'source' };

export function readEntitySearch(raw: Record<string, unknown>): EntitySearch {
  const text = (key: string) => (typeof raw[key] === 'string' && raw[key] !== '' ? raw[key] : undefined);
  const tab = text('tab');
  const named = tab === undefined ? undefined : (moved[tab] ?? tab);
  const number = (key: string) => (Number(raw[key]) >= 1 ? Math.floor(Number(raw[key])) : undefined);
  return {
    id: text('id') ?? '',
    tab: named === 'overview' ? undefined : named,
    form: forms.find((one) => one === raw.form),
    path: text('path'),
    page: number('page'),
    q: text('q'),
    edit: raw.edit === true || raw.edit === 'true' ? true : undefined,
    deleted: number('deleted'),
    ...readGraphState(raw),
  };
}
