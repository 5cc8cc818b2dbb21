import { queryOptions } from '@tanstack/react-query';
import { ask } from './http';

export interface Viewer {
  name: string;
  email: string | null;
  principal: 'person' | 'serviceAccount' | 'credential' | 'development';
  firstName: string | null;
  lastName: string | null;
  role: 'Admin' | 'Member';
  /** Blueprints whose entities this person looks after. */
  moderated: string[];
  teams: string[];
  via: string | null;
}

export interface Session {
  /** Null when nobody is signed in. */
  viewer: Viewer | null;
  /** Nobody has an account yet. */
  setup: boolean;
  title: string;
  organization: string | null;
  version: string | null;
  /** Number of the newest commit. */
  revision: number | null;
  /** By action: true, or in words why not. */
  may: Record<string, true | string>;
}

/** A session in which somebody is signed in: everywhere but on the pages that lead in. */
export type OpenSession = Session & { viewer: Viewer };

type Sent = Omit<Partial<Session>, 'viewer' | 'organization'> & {
  viewer?: (Partial<Viewer> & { name: string }) | null;
  organization?: string | null | { name?: string | null; title?: string | null };
};

/** What the server says of the session, with everything in its place. */
export function readSession(sent: Sent): Session {
  const organization = typeof sent.organization === 'object' ? sent.organization : { name: sent.organization };
  return {
    viewer: sent.viewer ? readViewer(sent.viewer) : null,
    setup: sent.setup ?? false,
    title: sent.title ?? organization?.title ?? 'Stagedoor',
    organization: organization?.name ?? null,
    version: sent.version ?? null,
    revision: sent.revision ?? null,
    may: sent.may ?? {},
  };
}

const readViewer = (sent: Partial<Viewer> & { name: string }): Viewer => ({
  name: sent.name,
  email: sent.email ?? null,
  principal: sent.principal ?? 'development',
  firstName: sent.firstName ?? null,
  lastName: sent.lastName ?? null,
  role: sent.role ?? 'Member',
  moderated: sent.moderated ?? [],
  teams: sent.teams ?? [],
  via: sent.via ?? null,
});

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: async ({ signal }) => readSession(await ask<Sent>('GET', '/session', undefined, signal)),
  staleTime: 60_000,
});

export const signIn = (body: { email: string; password: string }) => ask<unknown>('POST', '/session', body);

export const signOut = () => ask<unknown>('DELETE', '/session');

/** What a one-time link is good for. */
export interface LinkCheck {
  kind: 'setup' | 'invitation' | 'reset';
  email?: string | null;
  expiresAt: string;
}

export const linkQuery = (token: string) =>
  queryOptions({
    queryKey: ['link', token],
    queryFn: ({ signal }) => ask<LinkCheck>('POST', '/links/check', { token }, signal),
    enabled: token !== '',
    staleTime: Infinity,
    gcTime: 0,
  });

export interface Accepting {
  token: string;
  email?: string;
  firstName?: string;
  lastName?: string;
  password: string;
}

export const acceptLink = (body: Accepting) => ask<unknown>('POST', '/links/accept', body);

/** The first words of a denial, as a sentence. */
export function why(session: Pick<Session, 'may'>, action: string): string | undefined {
  const may = session.may[action];
  if (may === undefined || may === true) return undefined;
  return `${may.charAt(0).toUpperCase()}${may.slice(1).replace(/\.$/, '')}.`;
}

/** "Ada Brandt", or what else names the person. */
export function nameOf({ firstName, lastName, email }: { firstName?: string | null; lastName?: string | null; email?: string | null }): string {
  return [firstName, lastName].filter(Boolean).join(' ') || email || '';
}
