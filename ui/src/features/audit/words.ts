import type { AuditEvent } from '~/api/audit';
import { words } from '~/lib/text';

/** What is done, and what was. */
const verbs: Record<string, [string, string]> = {
  create: ['create', 'created'],
  update: ['change', 'changed'],
  delete: ['delete', 'deleted'],
  read: ['read', 'read'],
  execute: ['execute', 'executed'],
  sign_in: ['sign in', 'signed in'],
  sign_out: ['sign out', 'signed out'],
  use: ['use', 'used'],
};

/** "changed entity", "tried to delete blueprint". */
export function whatOf({ action, kind, status }: Pick<AuditEvent, 'action' | 'kind' | 'status'>): string {
  const [does, did] = verbs[action] ?? [action, action];
  const said = status === 'failure' ? `tried to ${does}` : did;
  return action === 'sign_in' || action === 'sign_out' ? said : `${said} ${words(kind).toLowerCase()}`;
}

/** Columns of the export. */
export const header = ['At', 'Outcome', 'Who', 'Action', 'Kind', 'Blueprint', 'Identifier', 'Message', 'Through', 'Via', 'Address', 'Program', 'Before', 'After'];

export function rowOf(event: AuditEvent): unknown[] {
  const { actor } = event;
  const value = (json: unknown) => (json === null || json === undefined ? '' : JSON.stringify(json));
  return [
    event.at, event.status, actor.name, event.name ?? event.action, event.kind, event.blueprint, event.identifier, event.message,
    actor.through, actor.via, actor.address, actor.agent, value(event.before), value(event.after),
  ];
}
