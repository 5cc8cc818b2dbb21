import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { client, port, unwrap } from './client';
import type { paths as PortPaths } from './port-schema';
import type { components } from './schema';

type Native = components['schemas'];

export type BlueprintPreview = Native['BlueprintPreview'];
export type BlueprintProblem = BlueprintPreview['problems'][number];
export type BlueprintTemplate = Native['TemplateList']['templates'][number];
export type JqResult = Native['JqResult'];
type PortBody = NonNullable<PortPaths['/blueprints']['post']['requestBody']>['content']['application/json'];

/** A blueprint in Port's form, as it is stored. */
export type Body = Record<string, unknown>;

export const blueprintQuery = (blueprint: string) =>
  queryOptions({
    queryKey: ['blueprint', blueprint],
    queryFn: async ({ signal }) => {
      const answer = await unwrap(port.GET('/blueprints/{blueprint}', { params: { path: { blueprint } }, signal }));
      return withoutStamps(answer.blueprint as unknown as Body);
    },
  });

const stamps = new Set(['createdAt', 'createdBy', 'updatedAt', 'updatedBy', 'id']);

function withoutStamps(body: Body): Body {
  return Object.fromEntries(Object.entries(body).filter(([key]) => !stamps.has(key)));
}

/** What a change would do; of a deletion where there is no body. The answer before stays until the next is there. */
export const previewQuery = (identifier: string | undefined, blueprint: Body | undefined, entity: string | undefined, sample = false) =>
  queryOptions({
    queryKey: ['blueprint-preview', identifier, blueprint, entity, sample],
    queryFn: ({ signal }) =>
      unwrap(client.POST('/blueprints/preview', { body: { identifier, blueprint, entity, sample }, signal })),
    placeholderData: keepPreviousData,
    retry: false,
    gcTime: 60_000,
  });

export const templatesQuery = queryOptions({
  queryKey: ['blueprint-templates'],
  queryFn: async ({ signal }) => (await unwrap(client.GET('/blueprint-templates', { signal }))).templates,
});

/** Runs a program on an entity. */
export const jqQuery = (program: string, blueprint: string, entity: string) =>
  queryOptions({
    queryKey: ['jq', program, blueprint, entity],
    queryFn: ({ signal }) => unwrap(client.POST('/jq/try', { body: { program, blueprint, entity }, signal })),
    placeholderData: keepPreviousData,
    retry: false,
    gcTime: 60_000,
  });

export const createBlueprint = (body: Body) => unwrap(port.POST('/blueprints', { body: body as unknown as PortBody }));

export const replaceBlueprint = (blueprint: string, body: Body) =>
  unwrap(port.PUT('/blueprints/{blueprint}', { params: { path: { blueprint } }, body: body as unknown as PortBody }));

/** Adds properties, or removes those that are null; the rest stays. */
export const patchProperties = (blueprint: string, properties: Record<string, Record<string, unknown> | null>) =>
  unwrap(port.PATCH('/blueprints/{blueprint}', { params: { path: { blueprint } }, body: { schema: { properties } } }));

export const deleteBlueprint = (blueprint: string) => unwrap(port.DELETE('/blueprints/{blueprint}', { params: { path: { blueprint } } }));

export type Renamed = 'property' | 'relation' | 'mirror';

/** Gives a part another name; the values of entities and whatever names it follow. */
export function renamePart(blueprint: string, part: Renamed, from: string, to: string) {
  if (part === 'relation') {
    const path = { blueprint, relation: from };
    return unwrap(port.PATCH('/blueprints/{blueprint}/relations/{relation}/rename', { params: { path }, body: { newRelationIdentifier: to } }));
  }
  const path = { blueprint, property: from };
  return part === 'mirror'
    ? unwrap(port.PATCH('/blueprints/{blueprint}/mirror/{property}/rename', { params: { path }, body: { newMirrorName: to } }))
    : unwrap(port.PATCH('/blueprints/{blueprint}/properties/{property}/rename', { params: { path }, body: { newPropertyName: to } }));
}

/** Begins to delete all entities of a blueprint, and the blueprint after them where that is asked. Answers the migration. */
export async function deleteAllEntities(blueprint: string, withBlueprint: boolean): Promise<string> {
  const query = { delete_blueprint: withBlueprint };
  const answer = await unwrap(port.DELETE('/blueprints/{blueprint}/all-entities', { params: { path: { blueprint }, query } }));
  return (answer as { migrationId: string }).migrationId;
}

export interface Migration {
  status: string;
  successCount: number;
  failureCount: number;
}

const ended = new Set(['COMPLETED', 'FAILURE', 'CANCELLED']);
export const hasEnded = (migration: Migration | undefined) => migration !== undefined && ended.has(migration.status);

export const migrationQuery = (migration: string) =>
  queryOptions({
    queryKey: ['migration', migration],
    queryFn: async ({ signal }) => {
      const answer = await unwrap(port.GET('/migrations/{migration}', { params: { path: { migration } }, signal }));
      return (answer as unknown as { migration: Migration }).migration;
    },
    refetchInterval: ({ state }) => (hasEnded(state.data) ? false : 400),
  });

export const cancelMigration = (migration: string) =>
  unwrap(port.POST('/migrations/{migration}/cancel', { params: { path: { migration } }, body: {} }));
