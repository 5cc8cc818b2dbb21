import type { GraphRequest } from '~/api/entity';
import type { Model } from '~/api/types';

export type Direction = 'both' | 'out' | 'in';
export type Layout = 'auto' | 'layers' | 'force';

/** What a graph shows, as the address has it. Lists are texts with commas. */
export interface GraphState {
  depth?: number;
  direction?: Direction;
  /** Blueprints that are left out. */
  hide?: string;
  /** Relations that are left out, by key. */
  without?: string;
  /** References of nodes that were opened. */
  expand?: string;
  /** References of nodes that were closed. */
  collapse?: string;
  layout?: Layout;
  /** Nodes beyond which the rest is only counted. */
  limit?: number;
  view?: 'list';
  /** The node that is looked at. */
  focus?: string;
}

/** A node that leads to more new ones than this stays closed until somebody opens it. */
const hub = 40;
const defaultLimit = 500;
export const deepest = 6;
export const limits = [200, 500, 1000, 2000, 5000];

export const split = (text: string | undefined) => (text ? text.split(',').filter(Boolean) : []);
export const joined = (list: string[]) => (list.length > 0 ? list.join(',') : undefined);

/** Adds a name to a list, or takes it out. */
export function toggled(text: string | undefined, name: string): string | undefined {
  const list = split(text);
  return joined(list.includes(name) ? list.filter((one) => one !== name) : [...list, name]);
}

export function readGraphState(raw: Record<string, unknown>): GraphState {
  const text = (key: string) => (typeof raw[key] === 'string' && raw[key] !== '' ? raw[key] : undefined);
  const number = (key: string, most: number) => {
    const value = Number(raw[key]);
    return Number.isInteger(value) && value >= 1 && value <= most ? value : undefined;
  };
  const direction = text('direction');
  const layout = text('layout');
  return {
    depth: number('depth', 10),
    direction: direction === 'out' || direction === 'in' ? direction : undefined,
    hide: text('hide'),
    without: text('without'),
    expand: text('expand'),
    collapse: text('collapse'),
    layout: layout === 'layers' || layout === 'force' ? layout : undefined,
    limit: number('limit', 5000),
    view: raw.view === 'list' ? 'list' : undefined,
    focus: text('focus'),
  };
}

/** Where a graph begins: at an entity, or at all that a query finds. */
export interface GraphStart {
  blueprint?: string;
  identifier?: string;
  ref?: string;
  query?: string;
}

export function graphRequest(start: GraphStart, state: GraphState, model: Model, depth: number): GraphRequest {
  const hidden = new Set(split(state.hide));
  const without = new Set(split(state.without));
  const keys = new Set(model.blueprints.flatMap(({ relations }) => Object.keys(relations)));
  const list = (values: string[]) => (values.length > 0 ? values : undefined);
  return {
    ...start,
    depth: state.depth ?? depth,
    direction: state.direction,
    limit: state.limit ?? defaultLimit,
    hub,
    only: hidden.size > 0 ? model.blueprints.map(({ identifier }) => identifier).filter((one) => !hidden.has(one)) : undefined,
    relation: without.size > 0 ? [...keys].filter((one) => !without.has(one)) : undefined,
    expand: list(split(state.expand)),
    collapse: list(split(state.collapse)),
  } as GraphRequest;
}
