import type { components } from './backstage-schema';
import { backstage, unwrap } from './client';

type Backstage = components['schemas'];

/** What an address leads to, before it is registered. */
export type Trial = Pick<Backstage['Created'], 'exists'> & {
  entities: { kind: string; metadata: { name: string; namespace?: string; title?: string } }[];
};

const body = (target: string) => ({ type: 'url', target });

export async function tryLocation(target: string): Promise<Trial> {
  const { exists, entities } = await unwrap(backstage.POST('/api/catalog/locations', { params: { query: { dryRun: true } }, body: body(target) }));
  // documents are whatever they are; these parts all of them have
  return { exists, entities: entities as Trial['entities'] };
}

export const registerLocation = (target: string) => unwrap(backstage.POST('/api/catalog/locations', { body: body(target) }));

/** Takes back the registration of an address. */
export async function removeTarget(target: string): Promise<void> {
  const locations = await unwrap(backstage.GET('/api/catalog/locations'));
  const known = locations.find(({ data }) => data.target === target);
  if (known) await unwrap(backstage.DELETE('/api/catalog/locations/{id}', { params: { path: { id: known.data.id } } }));
}
