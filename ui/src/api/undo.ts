import { queryOptions } from '@tanstack/react-query';
import { ApiError, client, unwrap } from './client';
import type { UndoAnswer } from './types';

/** The last commits that removed something. */
export const removalsQuery = queryOptions({
  queryKey: ['removals'],
  queryFn: async ({ signal }) => (await unwrap(client.GET('/removals', { params: { query: { limit: 10 } }, signal }))).removals,
});

/** The commit that has just removed an entity. */
export async function lastRemoval(blueprint: string, identifier: string): Promise<number | undefined> {
  const { removals } = await unwrap(client.GET('/removals', { params: { query: { limit: 5 } } }));
  const names = (one: { blueprint: string; identifier: string }) => one.blueprint === blueprint && one.identifier === identifier;
  return (removals.find(({ examples }) => examples.some(names)) ?? removals[0])?.revision;
}

/** Takes one commit back, or says what that would do. That all of it was left alone is an answer too. */
export async function undo(revision: number, dryRun: boolean): Promise<UndoAnswer> {
  try {
    return await unwrap(client.POST('/undo', { params: { query: { dryRun } }, body: { changes: [String(revision)] } }));
  } catch (error) {
    if (error instanceof ApiError && error.status === 422 && isAnswer(error.body)) return error.body;
    throw error;
  }
}

const isAnswer = (body: unknown): body is UndoAnswer => typeof body === 'object' && body !== null && 'refused' in body;
