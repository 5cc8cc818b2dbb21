import type { AuditEvent } from '~/api/audit';
import { words } from '~/lib/text';

const done: Record<string, string> = {
  create: 'created',
  update: 'changed',
  delete: 'deleted',
  read: 'read',
  execute: 'executed',
  sign_in: 'signed in',
  sign_out: 'signed out',
  use: 'used',
};

/** "changed entity", "tried: delete entities". */
export function whatOf(event: AuditEvent): string {
  const verb = done[event.action] ?? event.action;
  const kind = words(event.kind).toLowerCase();
  if (event.action === 'sign_in' || event.action === 'sign_out') return verb;
  return `${verb} ${kind}`;
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
