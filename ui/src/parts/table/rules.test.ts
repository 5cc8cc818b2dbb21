import { describe, expect, it } from 'vitest';
import type { Rules } from '~/api/tables';
import { chosenOf, filtersOf, subjectOf, toggled, withChosen } from './rules';

const query: Rules = {
  combinator: 'and',
  rules: [
    { property: 'tier', operator: 'in', value: ['gold', null] },
    { relation: 'owner', targetProperty: 'size', operator: '=', value: 3 },
    { property: 'tier', operator: '!=', value: 'x' },
    { combinator: 'or', rules: [] },
  ],
};

describe('rules', () => {
  it('finds the values that a filter has chosen', () => {
    expect(chosenOf(query, 'tier')).toEqual(['gold', null]);
    expect(filtersOf(query, ['owner.size', 'lifecycle'])).toEqual([{ field: 'owner.size', values: [3] }]);
    expect(chosenOf({ combinator: 'or', rules: query.rules }, 'tier')).toEqual([]);
  });
  it('changes them and leaves everything else', () => {
    expect(withChosen(query, 'tier', [null]).rules).toEqual([...query.rules.slice(1), { property: 'tier', operator: 'isEmpty' }]);
    expect(withChosen(query, 'tier', []).rules).toEqual(query.rules.slice(1));
    const either: Rules = { combinator: 'or', rules: query.rules };
    expect(withChosen(either, 'tier', ['a', 'b']).rules).toEqual([either, { property: 'tier', operator: 'in', value: ['a', 'b'] }]);
    expect(withChosen(undefined, 'live', [true])).toEqual({ combinator: 'and', rules: [{ property: 'live', operator: '=', value: true }] });
    expect(toggled(toggled([], 'a'), 'a')).toEqual([]);
  });
  it('reads the names of fields', () => {
    expect(subjectOf('"odd.key"."a"')).toEqual({ relation: 'odd.key', targetProperty: 'a' });
    expect(subjectOf('owner.$identifier')).toEqual({ relation: 'owner' });
    expect(subjectOf('$team')).toEqual({ property: '$team' });
  });
});
