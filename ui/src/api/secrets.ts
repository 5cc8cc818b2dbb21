import { queryOptions } from '@tanstack/react-query';
import { ask } from './http';

/** What is known of a secret; its value never comes back. */
export interface Secret {
  secretName: string;
  description?: string;
  createdAt: string;
  createdBy: string;
  updatedAt: string;
  updatedBy: string;
}

const path = '/v1/organization/secrets';

export const secretsQuery = queryOptions({
  queryKey: ['secrets'],
  queryFn: async ({ signal }) => (await ask<{ secrets: Secret[] }>('GET', path, undefined, signal)).secrets,
});

export const createSecret = (body: { secretName: string; secretValue: string; description?: string }) => ask('POST', path, body);
export const changeSecret = (name: string, body: { secretValue?: string; description?: string }) => ask('PATCH', `${path}/${encodeURIComponent(name)}`, body);
export const removeSecret = (name: string) => ask('DELETE', `${path}/${encodeURIComponent(name)}`);
