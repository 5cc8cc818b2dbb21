import { queryOptions } from '@tanstack/react-query';
import type { components } from './backstage-schema';
import { backstage, unwrap } from './client';

type Backstage = components['schemas'];

/** An address that somebody has registered. */
export type Location = Backstage['Location'];
/** What an address leads to, before it is registered. */
export type Trial = Pick<Backstage['Created'], 'exists'> & {
  entities: { kind: string; metadata: { name: string; namespace?: string; title?: string } }[];
};

export const locationsQuery = queryOptions({
  queryKey: ['locations'],
  queryFn: async ({ signal }) => (await unwrap(backstage.GET('/api/catalog/locations', { signal }))).map(({ data }) => data),
});

const body = (target: string) => ({ type: 'url', target });

export async function tryLocation(target: string): Promise<Trial> {
  const { exists, entities } = await unwrap(backstage.POST('/api/catalog/locations', { params: { query: { dryRun: true } }, body: body(target) }));
  // documents are whatever they are; these parts all of them have
  return { exists, entities: entities as Trial['entities'] };
}

export const registerLocation = (target: string) => unwrap(backstage.POST('/api/catalog/locations', { body: body(target) }));
export const removeLocation = (id: string) => unwrap(backstage.DELETE('/api/catalog/locations/{id}', { params: { path: { id } } }));
