import { expect, it } from 'vitest';
import { columnCandidates, facetFields, scorecardFields } from './fields';

it('scorecards offer their levels and rules, and no column unasked', () => {
  const fields = scorecardFields([{ identifier: 'production', title: 'Production', levels: [{ title: 'Basic', color: 'paleBlue' }], rules: [{ identifier: 'owned', title: 'Has an owner' }] }]);
  expect(fields.map(({ id, title }) => [id, title])).toEqual([
    ['"$scorecards.production.level"', 'Production'],
    ['"$scorecards.production.owned"', 'Production: Has an owner'],
  ]);
  expect(columnCandidates(fields)).toEqual([]);
  expect(facetFields(fields)).toEqual([]);
});
