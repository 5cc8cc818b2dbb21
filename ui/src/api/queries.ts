import { keepPreviousData, queryOptions, type QueryClient } from '@tanstack/react-query';
import { ApiError, client, unwrap } from './client';
import { withDerived } from './derived';
import { readSession, sessionQuery } from './session';
import type { DocumentsResult, TableRequest } from './types';

type Sent = Parameters<typeof withDerived>[0];

export const modelQuery = queryOptions({
  queryKey: ['model'],
  queryFn: async ({ signal }) => withDerived((await unwrap(client.GET('/blueprints', { signal }))) as Sent),
  staleTime: 15_000,
});

/** Who is signed in, and the data model with it: all that a page needs beside its own content. */
export const arrivalQuery = (queryClient: QueryClient) =>
  queryOptions({
    queryKey: sessionQuery.queryKey,
    queryFn: async ({ signal }) => {
      const { model, ...session } = await unwrap(client.GET('/session', { params: { query: { model: true } }, signal }));
      if (model) queryClient.setQueryData(modelQuery.queryKey, withDerived(model as Sent));
      return readSession(session);
    },
  });

export const sourcesQuery = queryOptions({
  queryKey: ['sources'],
  queryFn: ({ signal }) => unwrap(client.GET('/sources', { signal })),
});

/** One page of a table with its facets. The previous page stays on screen until the next is there. */
export const tableQuery = (body: TableRequest) =>
  queryOptions({
    queryKey: ['table', body],
    queryFn: ({ signal }) => unwrap(client.POST('/tables', { body, signal })),
    placeholderData: keepPreviousData,
  });

export const entityQuery = (blueprint: string, identifier: string) =>
  queryOptions({
    queryKey: ['entity', blueprint, identifier],
    queryFn: ({ signal }) =>
      unwrap(
        client.GET('/entity', {
          params: { query: { blueprint, identifier } },
          signal,
        }),
      ),
  });

export const suggestQuery = (q: string) =>
  queryOptions({
    queryKey: ['suggest', q],
    queryFn: ({ signal }) =>
      unwrap(client.GET('/suggest', { params: { query: { q, limit: 20 } }, signal })),
    placeholderData: keepPreviousData,
  });

/** Sends documents as written. An answer of 422 with what was rejected is a result to show, not a failure. */
export async function sendDocuments(text: string, dryRun: boolean): Promise<DocumentsResult> {
  const type = looksLikeJson(text) ? 'application/json' : 'application/yaml';
  const sent = { params: { query: { dryRun } }, body: text, bodySerializer: () => text, headers: { 'content-type': type } };
  try {
    return await unwrap(client.POST('/documents', sent));
  } catch (error) {
    if (error instanceof ApiError && isDocumentsResult(error.body)) return error.body;
    throw error;
  }
}

function looksLikeJson(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null;
  } catch {
    return false;
  }
}

function isDocumentsResult(body: unknown): body is DocumentsResult {
  return typeof body === 'object' && body !== null && Array.isArray((body as DocumentsResult).rejected);
}
