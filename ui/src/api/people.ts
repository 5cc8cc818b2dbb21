import { queryOptions } from '@tanstack/react-query';
import { ask, query } from './http';

export type Role = 'Admin' | 'Member';

export interface User {
  email: string;
  firstName: string;
  lastName: string;
  status: 'STAGED' | 'INVITED' | 'ACTIVE' | 'DISABLED';
  type: 'ADMIN' | 'MEMBER' | 'SERVICE_ACCOUNT';
  /** Names, in the order of the identifiers. */
  teams: string[];
  teamsIdentifiers: string[];
  roles: { name: string }[];
  createdAt: string;
}

export interface Team {
  name: string;
  identifier: string;
  description?: string | null;
  /** `backstage`: a group of the catalog. */
  provider: string;
  users: { email: string }[];
}

export interface Invitation {
  id: string;
  email: string;
  by: string;
  createdAt: string;
  expiresAt: string;
}

/** Shown once. */
export interface MadeLink {
  link: string;
  expiresAt: string;
}

export interface BrowserSession {
  id: string;
  user: string;
  createdAt: string;
  lastSeenAt: string;
  expiresAt: string;
  address: string | null;
  agent: string | null;
  current: boolean;
}

/** People, service accounts included. */
export const usersQuery = queryOptions({
  queryKey: ['users'],
  queryFn: async ({ signal }) => (await ask<{ users: User[] }>('GET', '/v1/users', undefined, signal)).users,
});

export const teamsQuery = queryOptions({
  queryKey: ['teams'],
  queryFn: async ({ signal }) => (await ask<{ teams: Team[] }>('GET', '/v1/teams', undefined, signal)).teams,
});

export const invitationsQuery = queryOptions({
  queryKey: ['invitations'],
  queryFn: async ({ signal }) => (await ask<{ invitations: Invitation[] }>('GET', '/invitations', undefined, signal)).invitations,
});

export const sessionsQuery = (user: string) =>
  queryOptions({
    queryKey: ['sessions', user],
    queryFn: async ({ signal }) => (await ask<{ sessions: BrowserSession[] }>('GET', `/sessions${query({ user })}`, undefined, signal)).sessions,
  });

const part = encodeURIComponent;

export interface UserChange {
  roles?: string[];
  teams?: string[];
  status?: User['status'];
  firstName?: string;
  lastName?: string;
}

export const changeUser = (email: string, change: UserChange) => ask<User>('PATCH', `/v1/users/${part(email)}`, change);
export const removeUser = (email: string) => ask('DELETE', `/v1/users/${part(email)}`);
export const invite = (body: { email: string; role: Role; teams?: string[]; moderated?: string[] }) => ask<MadeLink & { id: string }>('POST', '/invitations', body);
export const takeBackInvitation = (id: string) => ask('DELETE', `/invitations/${part(id)}`);
export const makeResetLink = (email: string) => ask<MadeLink>('POST', `/people/${part(email)}/reset-link`);
export const endSession = (id: string) => ask('DELETE', `/sessions/${part(id)}`);
export const endSessions = (user: string) => ask('DELETE', `/sessions${query({ user })}`);
export const changePassword = (body: { current: string; new: string }) => ask('POST', '/password', body);

export const createTeam = (body: { name: string; description?: string; users: string[] }) => ask('POST', '/v1/teams', body);
export const changeTeam = (identifier: string, body: { name?: string; description?: string; users?: string[] }) => ask('PATCH', `/v1/teams/${part(identifier)}`, body);
export const removeTeam = (identifier: string) => ask('DELETE', `/v1/teams/${part(identifier)}`);

/** `service` has `Service-moderator`. */
export const moderatorOf = (blueprint: string) => `${blueprint.charAt(0).toUpperCase()}${blueprint.slice(1)}-moderator`;

export const roleOf = (user: User): Role => (user.roles.some(({ name }) => name === 'Admin') ? 'Admin' : 'Member');

/** The blueprints, out of those there are, whose entities this person looks after. */
export function moderatedBy(user: User, blueprints: string[]): string[] {
  const roles = new Set(user.roles.map(({ name }) => name));
  return blueprints.filter((blueprint) => roles.has(moderatorOf(blueprint)));
}

/** Role names to send; those that say something the form does not show are kept. */
export function rolesToSend(user: User, role: Role, moderated: string[], blueprints: string[]): string[] {
  const shown = new Set(['Admin', 'Member', ...blueprints.map(moderatorOf)]);
  const kept = user.roles.map(({ name }) => name).filter((name) => !shown.has(name));
  return [role, ...moderated.map(moderatorOf), ...kept];
}
