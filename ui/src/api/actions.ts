import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { client, port, unwrap } from './client';

/** Something that somebody can run. */
export interface Offer {
  kind: 'action' | 'template';
  /** An action's identifier, a template's reference. */
  identifier: string;
  title: string;
  description?: string | null;
  icon?: string | null;
  blueprint?: string | null;
  operation?: 'CREATE' | 'DAY-2' | 'DELETE' | null;
  tags: string[];
  owner?: string | null;
  recommended: boolean;
  favourite: boolean;
  /** What its button says. */
  button?: string | null;
  /** Why it cannot be run. */
  why?: string | null;
}

export interface Hub {
  actions: Offer[];
  /** What the viewer has run last: identifiers with their kind in front. */
  recent: string[];
}

export interface OffersAsk {
  blueprint?: string;
  entity?: string;
}

/** What can be run: everything, or what is offered for an entity. */
export const hubQuery = (ask: OffersAsk = {}) =>
  queryOptions({
    queryKey: ['actions', ask],
    queryFn: async ({ signal }) => (await unwrap(client.GET('/actions', { params: { query: ask }, signal }))) as Hub,
  });

export const nameOfOffer = ({ kind, identifier }: Pick<Offer, 'kind' | 'identifier'>) => `${kind}:${identifier}`;

export const putFavourites = (favourites: string[]) => unwrap(client.PUT('/actions/favourites', { body: { favourites } }));

/** What an action is run for; its blueprint has to be said only where the action is for any. */
export interface Target {
  entity?: string;
  blueprint?: string;
}

/** An action's form as it is for what was filled in. */
export interface ActionForm {
  action: { identifier: string; title: string; description?: string | null; icon?: string | null; operation?: Offer['operation']; blueprint?: string | null; button?: string | null; approval?: boolean };
  /** Why it cannot be run. */
  why?: string | null;
  userInputs: Record<string, unknown>;
  errors: Record<string, string[]>;
}

export const actionFormQuery = (id: string, target: Target, properties: Record<string, unknown>) =>
  queryOptions({
    queryKey: ['action form', id, target, properties],
    queryFn: async ({ signal }) => (await unwrap(client.POST('/actions/{action}/form', { params: { path: { action: id } }, body: { properties, ...target }, signal }))) as ActionForm,
    placeholderData: keepPreviousData,
    staleTime: 10_000,
    retry: false,
  });

/** What is known of a run when it has been accepted. */
export interface Started {
  id: string;
  /** Somebody has to approve it first. */
  waits?: boolean;
}

/** Starts a run. */
export async function startAction(id: string, properties: Record<string, unknown>, target: Target): Promise<Started> {
  const { run } = await unwrap(port.POST('/actions/{action}/runs', { params: { path: { action: id } }, body: { properties, ...target } }));
  return { id: run.id, waits: run.status !== 'IN_PROGRESS' };
}
