import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { client, port, unwrap } from './client';
import type { components } from './port-schema';

/** An action or automation as Port's API has it. */
export type Definition = Record<string, unknown> & { identifier?: string; title?: string };

export const definitionsQuery = queryOptions({
  queryKey: ['actions', 'definitions'],
  queryFn: async ({ signal }) => ((await unwrap(port.GET('/actions', { signal }))) as { actions: Definition[] }).actions,
});

const stamps = new Set(['id', 'createdAt', 'createdBy', 'updatedAt', 'updatedBy']);

/** What somebody wrote of it. */
export const withoutStamps = (definition: Definition): Definition => Object.fromEntries(Object.entries(definition).filter(([key]) => !stamps.has(key)));

/** The server judges what it lacks, in words that name the place. */
const written = (definition: Definition) => definition as components['schemas']['ActionBody'];

export const createDefinition = (body: Definition) => unwrap(port.POST('/actions', { body: written(body) }));
export const putDefinition = (id: string, body: Definition) => unwrap(port.PUT('/actions/{action}', { params: { path: { action: id } }, body: written(body) }));
export const deleteDefinition = (id: string) => unwrap(port.DELETE('/actions/{action}', { params: { path: { action: id } } }));

/** What a definition would do. */
export interface Preview {
  /** What the back end would be given. */
  invocation: unknown;
  userInputs: Record<string, unknown>;
  /** Why it would not begin. */
  problems: string[];
  /** Templates that give null because they are wrong. */
  faults: { path?: string; message: string; expression?: string }[];
}

export const previewQuery = (definition: Definition, values: Record<string, unknown>, entity: { entity?: string; blueprint?: string }) =>
  queryOptions({
    queryKey: ['actions', 'preview', definition, values, entity],
    queryFn: async ({ signal }) => (await unwrap(client.POST('/actions/preview', { body: { definition, values, ...entity }, signal }))) as Preview,
    placeholderData: keepPreviousData,
    retry: false,
  });

/** Changes a part of who may run or approve an action. */
export const patchActionPermissions = (id: string, change: components['schemas']['ActionPermissions']) => unwrap(port.PATCH('/actions/{action}/permissions', { params: { path: { action: id } }, body: change }));
