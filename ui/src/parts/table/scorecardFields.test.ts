import { expect, it } from 'vitest';
import { columnCandidates, facetFields, fieldNamed, scorecardFields } from './fields';

it('scorecards offer their levels and rules, and no column unasked', () => {
  const fields = scorecardFields([{ identifier: 'production', title: 'Production', levels: [{ title: 'Basic', color: 'paleBlue' }], rules: [{ identifier: 'owned', title: 'Has an owner' }] }]);
  expect(fields.map(({ id, title }) => [id, title])).toEqual([
    ['"$scorecards.production.level"', 'Production'],
    ['"$scorecards.production.owned"', 'Production: Has an owner'],
  ]);
  expect(columnCandidates(fields)).toEqual([]);
  expect(facetFields(fields)).toEqual([]);
});

it('columns of scorecards are known by their names, with the colours of the answer', () => {
  const level = '"$scorecards.production.level"';
  expect(fieldNamed([], level, { [level]: [{ title: 'Gold', color: 'gold' }] })).toMatchObject({ title: 'Production', levels: [{ title: 'Gold', color: 'gold' }] });
  expect(fieldNamed([], '"$scorecards.production.owned"')).toMatchObject({ title: 'Production: Owned', check: true });
  expect(fieldNamed([], 'system.owner').check).toBeUndefined();
});
