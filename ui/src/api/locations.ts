import { queryOptions } from '@tanstack/react-query';
import { ask } from './http';

/** An address that somebody has registered. */
export interface Location {
  id: string;
  type: string;
  target: string;
}

/** What an address leads to, before it is registered. */
export interface Trial {
  exists: boolean;
  entities: { kind: string; metadata: { name: string; namespace?: string; title?: string } }[];
}

const path = '/api/catalog/locations';

export const locationsQuery = queryOptions({
  queryKey: ['locations'],
  queryFn: async ({ signal }) => (await ask<{ data: Location }[]>('GET', path, undefined, signal)).map(({ data }) => data),
});

export const tryLocation = (target: string) => ask<Trial>('POST', `${path}?dryRun=true`, { type: 'url', target });
export const registerLocation = (target: string) => ask('POST', path, { type: 'url', target });
export const removeLocation = (id: string) => ask('DELETE', `${path}/${encodeURIComponent(id)}`);
