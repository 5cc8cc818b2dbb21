import { queryOptions } from '@tanstack/react-query';
import { client, unwrap } from './client';
import type { Role } from './people';
import type { components } from './schema';

type Native = components['schemas'];

export type Token = Native['TokenItem'];
export type Scope = Native['ScopeItem'];
export type ServiceAccount = Native['ServiceAccountItem'];
/** Shown once. */
export type MadeClient = Native['MadeClient'];
export type NewToken = Native['TokenBody'];

export const tokensQuery = (user: string) =>
  queryOptions({
    queryKey: ['tokens', user],
    queryFn: async ({ signal }) => (await unwrap(client.GET('/tokens', { params: { query: { user } }, signal }))).tokens,
  });

export const scopesQuery = queryOptions({
  queryKey: ['scopes'],
  queryFn: async ({ signal }) => (await unwrap(client.GET('/scopes', { signal }))).scopes,
  staleTime: Infinity,
});

export const serviceAccountsQuery = queryOptions({
  queryKey: ['service-accounts'],
  queryFn: async ({ signal }) => (await unwrap(client.GET('/service-accounts', { signal }))).serviceAccounts,
});

const at = (identifier: string) => ({ params: { path: { identifier } } });

export const createToken = (body: NewToken) => unwrap(client.POST('/tokens', { body }));
export const revokeToken = (id: string) => unwrap(client.DELETE('/tokens/{id}', { params: { path: { id } } }));
export const createServiceAccount = (body: Native['ServiceAccountBody'] & { role: Role }) => unwrap(client.POST('/service-accounts', { body }));
export const rotateServiceAccount = (identifier: string) => unwrap(client.POST('/service-accounts/{identifier}/rotate', at(identifier)));
export const removeServiceAccount = (identifier: string) => unwrap(client.DELETE('/service-accounts/{identifier}', at(identifier)));

/** Scopes by the noun that they are about, in the order in which the server lists them. */
export function scopesByNoun(scopes: Scope[]): [string, Scope[]][] {
  const nouns = new Map<string, Scope[]>();
  for (const scope of scopes) {
    const noun = scope.scope.split(':')[1] ?? scope.scope;
    nouns.set(noun, [...(nouns.get(noun) ?? []), scope]);
  }
  return [...nouns];
}
