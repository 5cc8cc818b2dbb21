import { queryOptions } from '@tanstack/react-query';
import { client, port, unwrap } from './client';
import type { components as PortComponents } from './port-schema';
import type { components } from './schema';

type Native = components['schemas'];
type Port = PortComponents['schemas'];

export type Role = 'Admin' | 'Member';
type UserStatus = 'STAGED' | 'INVITED' | 'ACTIVE' | 'DISABLED';
type UserType = 'ADMIN' | 'MEMBER' | 'SERVICE_ACCOUNT';

/** A user as it is answered where no fields are left out. */
export type User = Required<Pick<Port['User'], 'email' | 'firstName' | 'lastName' | 'teams' | 'teamsIdentifiers' | 'createdAt'>> & {
  roles: { name: string }[];
  status: UserStatus;
  type: UserType;
};
export type Team = Required<Pick<Port['PortTeam'], 'name' | 'identifier' | 'provider'>> & {
  description?: string | null;
  users: { email: string }[];
};
export type Invitation = Native['InvitationBody'];
export type BrowserSession = Native['SessionBody'];
/** Shown once. */
export type MadeLink = Pick<Native['Invited'], 'link' | 'expiresAt'>;

/** People, service accounts included. */
export const usersQuery = queryOptions({
  queryKey: ['users'],
  queryFn: async ({ signal }) => (await unwrap(port.GET('/users', { signal }))).users as User[],
});

export const teamsQuery = queryOptions({
  queryKey: ['teams'],
  queryFn: async ({ signal }) => (await unwrap(port.GET('/teams', { signal }))).teams as Team[],
});

export const invitationsQuery = queryOptions({
  queryKey: ['invitations'],
  queryFn: async ({ signal }) => (await unwrap(client.GET('/invitations', { signal }))).invitations,
});

export const sessionsQuery = (user: string) =>
  queryOptions({
    queryKey: ['sessions', user],
    queryFn: async ({ signal }) => (await unwrap(client.GET('/sessions', { params: { query: { user } }, signal }))).sessions,
  });

export type UserChange = Omit<Port['UserPatch'], 'status'> & { status?: UserStatus };

export const changeUser = (email: string, body: UserChange) => unwrap(port.PATCH('/users/{user}', { params: { path: { user: email } }, body }));
export const removeUser = (email: string) => unwrap(port.DELETE('/users/{user}', { params: { path: { user: email } } }));
export const invite = (body: Native['Invite'] & { role: Role }) => unwrap(client.POST('/invitations', { body }));
export const takeBackInvitation = (id: string) => unwrap(client.DELETE('/invitations/{id}', { params: { path: { id } } }));
export const makeResetLink = (email: string) => unwrap(client.POST('/people/{email}/reset-link', { params: { path: { email } } }));
export const endSession = (id: string) => unwrap(client.DELETE('/sessions/{id}', { params: { path: { id } } }));
export const endSessions = (user: string) => unwrap(client.DELETE('/sessions', { params: { query: { user } } }));
export const changePassword = (body: Native['NewPassword']) => unwrap(client.POST('/password', { body }));

export const createTeam = (body: Port['TeamBody']) => unwrap(port.POST('/teams', { body }));
export const changeTeam = (team: string, body: Port['TeamBody']) => unwrap(port.PATCH('/teams/{team}', { params: { path: { team } }, body }));
export const removeTeam = (team: string) => unwrap(port.DELETE('/teams/{team}', { params: { path: { team } } }));

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
