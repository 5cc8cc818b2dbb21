import { describe, expect, it } from 'vitest';
import { slug } from '~/lib/text';
import { about, freshRule, identifierOf, put, renameLevel, rulesOf, sortOf, usualLevels, withOperator } from './definition';

describe('a condition', () => {
  const blueprint = { properties: { replicas: { type: 'number' }, deployedAt: { type: 'string', format: 'date-time' }, tags: { type: 'array' } } };

  it('knows what sort of value it looks at', () => {
    expect(['replicas', 'deployedAt', 'tags', '$team', 'other'].map((property) => sortOf({ property }, blueprint))).toEqual(['number', 'date', 'list', 'list', 'text']);
    expect(sortOf({ relation: 'system' }, blueprint)).toBe('relation');
  });

  it('keeps its value with another operator where it fits, and gets one where not', () => {
    expect(withOperator({ property: 'tier', operator: '=', value: 'gold' }, 'in', 'text')).toEqual({ property: 'tier', operator: 'in', value: ['gold'] });
    expect(withOperator({ property: 'tier', operator: 'in', value: ['gold'] }, '=', 'text')).toEqual({ property: 'tier', operator: '=', value: 'gold' });
    expect(withOperator({ property: 'at' }, 'between', 'date')).toEqual({ property: 'at', operator: 'between', value: { preset: 'lastMonth' } });
    expect(withOperator({ property: 'tier', operator: '=', value: 'gold' }, 'isEmpty', 'text')).toEqual({ property: 'tier', operator: 'isEmpty' });
  });

  it('about something else lets go what does not fit', () => {
    expect(about({ property: 'tier', operator: 'beginsWith', value: 'g' }, { property: 'replicas' }, 'number')).toEqual({ property: 'replicas', operator: 'isNotEmpty' });
    expect(about({ property: 'tier', operator: '=', value: 'g' }, { jq: '.x' }, 'text')).toEqual({ jq: '.x' });
  });
});

describe('a scorecard', () => {
  it('is called after its title where it has no identifier', () => {
    expect(identifierOf({ title: ' Production – Réadiness 2! ' })).toBe('production_readiness_2');
    expect(identifierOf({ identifier: 'own', title: 'Other' })).toBe('own');
    expect(slug('')).toBe('');
  });

  it('renames a level with its rules', () => {
    const renamed = renameLevel({ rules: [{ identifier: 'a', level: 'Bronze' }, { identifier: 'b', level: 'Gold' }] }, 1, 'First');
    expect(renamed.levels).toEqual(usualLevels.map((level, i) => (i === 1 ? { ...level, title: 'First' } : level)));
    expect(rulesOf(renamed).map(({ level }) => level)).toEqual(['First', 'Gold']);
  });

  it('gives a new rule an identifier of its own and a level above the first', () => {
    expect(freshRule(usualLevels, [{ identifier: 'rule_2' }])).toMatchObject({ identifier: 'rule_3', level: 'Bronze' });
  });

  it('has no empty parts', () => {
    expect(put({ a: 1, b: 2 }, 'b', '')).toEqual({ a: 1 });
    expect(put({ a: 1 }, 'a', [])).toEqual({});
    expect(put({ a: 1 }, 'a', 3)).toEqual({ a: 3 });
  });
});
