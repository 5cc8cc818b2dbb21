import { queryOptions } from '@tanstack/react-query';
import { port, unwrap } from './client';
import type { components } from './port-schema';

type Port = components['schemas'];

/** What is known of a secret; its value never comes back. */
export type Secret = Port['OrganizationSecret'];

export const secretsQuery = queryOptions({
  queryKey: ['secrets'],
  queryFn: async ({ signal }) => (await unwrap(port.GET('/organization/secrets', { signal }))).secrets,
});

const at = (name: string) => ({ params: { path: { secret_name: name } } });

export const createSecret = (body: Port['NewSecret']) => unwrap(port.POST('/organization/secrets', { body }));
export const changeSecret = (name: string, body: Port['SecretChange']) => unwrap(port.PATCH('/organization/secrets/{secret_name}', { ...at(name), body }));
export const removeSecret = (name: string) => unwrap(port.DELETE('/organization/secrets/{secret_name}', at(name)));
