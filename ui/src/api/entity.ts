import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import { client, port, unwrap } from './client';
import type { paths } from './schema';

type Success<Operation> = Operation extends { responses: { 200: { content: { 'application/json': infer Body } } } } ? Body : never;

export type RawEntity = Success<paths['/entity/raw']['get']>;
export type RelatedResult = Success<paths['/entity/related']['get']>;
export type DependentsPreview = Success<paths['/entity/dependents']['get']>;
export type History = Success<paths['/entity/history']['get']>;
export type HistoryEvent = History['events'][number];
export type GraphResult = Success<paths['/graph']['get']>;
export type GraphNode = GraphResult['nodes'][number];
export type GraphEdge = GraphResult['edges'][number];
export type GraphRequest = NonNullable<paths['/graph']['get']['parameters']['query']>;

export interface Key {
  blueprint: string;
  identifier: string;
}

/** Queries about one entity begin with the key of its page, so that what changes the one renews all. */
const about = ({ blueprint, identifier }: Key, ...more: unknown[]) => ['entity', blueprint, identifier, ...more];

export const rawQuery = (key: Key) =>
  queryOptions({
    queryKey: about(key, 'raw'),
    queryFn: ({ signal }) => unwrap(client.GET('/entity/raw', { params: { query: key }, signal })),
  });

/** What is at the end of steps (`system`, `component system`) or of relations of a type. */
export interface Path {
  step?: string[];
  type?: string;
}

export const relatedQuery = (key: Key, path: Path, page: { offset: number; limit: number; q?: string }) =>
  queryOptions({
    queryKey: about(key, 'related', path, page),
    queryFn: ({ signal }) => unwrap(client.GET('/entity/related', { params: { query: { ...key, ...path, ...page } }, signal })),
    placeholderData: keepPreviousData,
  });

export const dependentsQuery = (key: Key) =>
  queryOptions({
    queryKey: about(key, 'dependents'),
    queryFn: ({ signal }) => unwrap(client.GET('/entity/dependents', { params: { query: key }, signal })),
    staleTime: 0,
  });

export const historyQuery = (key: Key) =>
  infiniteQueryOptions({
    queryKey: about(key, 'history'),
    queryFn: ({ pageParam, signal }) =>
      unwrap(client.GET('/entity/history', { params: { query: { ...key, before: pageParam, limit: 20 } }, signal })),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (last) => last.next ?? undefined,
  });

export const graphQuery = (request: GraphRequest) =>
  queryOptions({
    queryKey: ['graph', request],
    queryFn: ({ signal }) => unwrap(client.GET('/graph', { params: { query: request }, signal })),
    placeholderData: keepPreviousData,
  });

/** What a form or an editor says of an entity. */
export interface EntityChange {
  title?: string | null;
  icon?: string | null;
  team?: string | string[] | null;
  properties?: Record<string, unknown>;
  relations?: Record<string, unknown>;
}

/** The entity as it is now, in Port's form. */
export async function readEntity({ blueprint, identifier }: Key): Promise<Record<string, unknown>> {
  const params = { path: { blueprint, entity: identifier } };
  const answer = (await unwrap(port.GET('/blueprints/{blueprint}/entities/{entity}', { params }))) as { entity?: Record<string, unknown> };
  return answer.entity ?? {};
}

export async function changeEntity({ blueprint, identifier }: Key, body: EntityChange): Promise<void> {
  const params = { path: { blueprint, entity: identifier } };
  await unwrap(port.PATCH('/blueprints/{blueprint}/entities/{entity}', { params, body }));
}

export async function deleteEntity({ blueprint, identifier }: Key, withDependents: boolean): Promise<void> {
  const params = {
    path: { blueprint, entity: identifier },
    query: { delete_dependents: withDependents },
  };
  await unwrap(port.DELETE('/blueprints/{blueprint}/entities/{entity}', { params }));
}
