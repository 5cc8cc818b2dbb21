import { expect, it } from 'vitest';
import type { AuditEvent } from '~/api/audit';
import { toCsv } from '~/lib/csv';
import { header, rowOf, whatOf } from './words';

const event = {
  id: 'c1', at: '2026-11-02T09:00:00Z', status: 'failure', action: 'delete', name: 'DeleteBlueprint', kind: 'blueprint', blueprint: 'service',
  identifier: '=HYPERLINK("http://x")', actor: { name: '@SUM(1)', through: null, via: 'session', credential: null, address: '192.0.2.7', agent: '-curl' },
  message: '+no', details: null, revision: null, before: { a: 1 }, after: null, hidden: false,
} satisfies AuditEvent;

it('says what was done and what was tried', () => {
  expect(whatOf(event)).toBe('tried to delete blueprint');
  expect(whatOf({ ...event, status: 'success' })).toBe('deleted blueprint');
  expect(whatOf({ ...event, status: 'success', action: 'sign_in', kind: 'session' })).toBe('signed in');
});

it('exports nothing that a spreadsheet would run', () => {
  const [cells] = [rowOf(event)];
  expect(cells).toHaveLength(header.length);
  const line = toCsv(header, [cells]).split('\r\n')[1] ?? '';
  for (const start of ['=HYPERLINK', '@SUM', '+no', '-curl']) expect(line).toContain(`'${start}`);
});
