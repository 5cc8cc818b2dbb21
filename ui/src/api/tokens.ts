import { queryOptions } from '@tanstack/react-query';
import { ask, query } from './http';
import type { Role } from './people';

export interface Token {
  id: string;
  name: string;
  owner: string;
  kind: 'personal' | 'serviceAccount';
  /** Null: whatever the owner may. */
  scopes: string[] | null;
  createdAt: string;
  expiresAt: string | null;
  lastUsedAt: string | null;
  ending: string;
}

export interface Scope {
  scope: string;
  words: string[];
}

export interface ServiceAccount {
  identifier: string;
  name: string;
  role: string;
  status: string;
  teams: string[];
  clientId: string | null;
  createdAt: string;
  lastUsedAt: string | null;
}

/** Shown once. */
export interface MadeClient {
  identifier: string;
  clientId: string;
  clientSecret: string;
}

export const tokensQuery = (user: string) =>
  queryOptions({
    queryKey: ['tokens', user],
    queryFn: async ({ signal }) => (await ask<{ tokens: Token[] }>('GET', `/tokens${query({ user })}`, undefined, signal)).tokens,
  });

export const scopesQuery = queryOptions({
  queryKey: ['scopes'],
  queryFn: async ({ signal }) => (await ask<{ scopes: Scope[] }>('GET', '/scopes', undefined, signal)).scopes,
  staleTime: Infinity,
});

export const serviceAccountsQuery = queryOptions({
  queryKey: ['service-accounts'],
  queryFn: async ({ signal }) => (await ask<{ serviceAccounts: ServiceAccount[] }>('GET', '/service-accounts', undefined, signal)).serviceAccounts,
});

export interface NewToken {
  name: string;
  scopes: string[] | null;
  expiresInDays: number | null;
  owner?: string;
}

const part = encodeURIComponent;

export const createToken = (body: NewToken) => ask<Token & { token: string }>('POST', '/tokens', body);
export const revokeToken = (id: string) => ask('DELETE', `/tokens/${part(id)}`);
export const createServiceAccount = (body: { name: string; role: Role; teams: string[] }) => ask<MadeClient>('POST', '/service-accounts', body);
export const rotateServiceAccount = (identifier: string) => ask<MadeClient>('POST', `/service-accounts/${part(identifier)}/rotate`);
export const removeServiceAccount = (identifier: string) => ask('DELETE', `/service-accounts/${part(identifier)}`);

/** Scopes by the noun that they are about, in the order in which the server lists them. */
export function scopesByNoun(scopes: Scope[]): [string, Scope[]][] {
  const nouns = new Map<string, Scope[]>();
  for (const scope of scopes) {
    const noun = scope.scope.split(':')[1] ?? scope.scope;
    nouns.set(noun, [...(nouns.get(noun) ?? []), scope]);
  }
  return [...nouns];
}
