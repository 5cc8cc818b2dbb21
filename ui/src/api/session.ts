import { queryOptions } from '@tanstack/react-query';
import { client, unwrap } from './client';
import type { components } from './schema';

type Native = components['schemas'];

export interface Viewer {
  name: string;
  email: string | null;
  principal: 'person' | 'serviceAccount' | 'credential' | 'development' | 'guest';
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
  /** Runs that wait for the viewer's yes or no. */
  approvals: number;
  /** Number of the newest commit. */
  revision: number | null;
  /** Origins whose pages may be embedded. */
  frames: string[];
  /** By action: true, or in words why not. */
  may: Record<string, true | string>;
}

/** A session in which somebody is signed in: everywhere but on the pages that lead in. */
export type OpenSession = Session & { viewer: Viewer };

/** What the server says of the session, with everything in its place. */
export function readSession({ viewer, organization, version, revision, may, ...sent }: Omit<Native['Session'], 'model'>): Session {
  return {
    viewer: viewer ? readViewer(viewer) : null,
    setup: sent.setup,
    approvals: sent.approvals,
    title: sent.title,
    organization: organization.name ?? null,
    version: version ?? null,
    revision: revision ?? null,
    frames: sent.frames,
    may: may as Session['may'],
  };
}

const readViewer = (sent: Native['SessionViewer']): Viewer => ({
  ...sent,
  principal: sent.principal as Viewer['principal'],
  role: sent.role as Viewer['role'],
  email: sent.email ?? null,
  firstName: sent.firstName ?? null,
  lastName: sent.lastName ?? null,
});

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: async ({ signal }) => readSession(await unwrap(client.GET('/session', { signal }))),
  staleTime: 60_000,
});

export const signIn = (body: Native['SignIn']) => unwrap(client.POST('/session', { body }));

export const signOut = () => unwrap(client.DELETE('/session'));

/** What a one-time link is good for. */
export type LinkCheck = Native['LinkBody'] & { kind: 'setup' | 'invitation' | 'reset' };

export const linkQuery = (token: string) =>
  queryOptions({
    queryKey: ['link', token],
    queryFn: async ({ signal }) => (await unwrap(client.POST('/links/check', { body: { token }, signal }))) as LinkCheck,
    enabled: token !== '',
    staleTime: Infinity,
    gcTime: 0,
  });

export const acceptLink = (body: Native['Accept']) => unwrap(client.POST('/links/accept', { body }));

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
