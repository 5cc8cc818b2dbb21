import { expect, test } from 'vitest';
import { withDerived, type SentBlueprint } from './derived';

test('derived properties follow the stored ones and keep their problem', () => {
  const sent = {
    identifier: 'service',
    properties: { tier: { type: 'string' } },
    derived: {
      owner: { kind: 'mirror', from: 'system › owner', title: null, type: 'string' },
      cost: { kind: 'calculation', from: '.a +', title: 'Cost', type: 'number' },
    },
    problems: [{ property: 'cost', message: 'unexpected end' }],
  } as unknown as SentBlueprint;
  const { blueprints } = withDerived({ blueprints: [sent], edges: [], sidebar: [], views: [] });
  expect(blueprints[0]?.properties).toEqual({
    tier: { type: 'string' },
    owner: { type: 'string', derived: { kind: 'mirror', from: 'system › owner', problem: undefined } },
    cost: { title: 'Cost', type: 'number', derived: { kind: 'calculation', from: '.a +', problem: 'unexpected end' } },
  });
});
