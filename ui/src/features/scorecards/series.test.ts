import { expect, it } from 'vitest';
import type { HistoryPoint } from '~/api/scorecards';
import { heatCsv, rulesCsv } from './csv';
import { listAsk } from './list';
import { readScorecardSearch } from './search';
import { seriesOf } from './series';

const none = { failed: 0, notMeasured: 0, exempt: 0 };
const points: HistoryPoint[] = [
  { date: '2026-01-01', applies: 3, levels: { Basic: 3 }, rules: { owned: { ...none, passed: 1, failed: 2 } } },
  { date: '2026-01-02', applies: 3, levels: { Basic: 1, Gold: 2 }, rules: {} },
];
const levels = [{ title: 'Basic', color: 'paleBlue' }, { title: 'Gold', color: 'gold' }];

it('a trend has a line for each level, and for each status of a rule that there was', () => {
  expect(seriesOf(points, levels, undefined, String)).toEqual([
    { title: 'Basic', values: [3, 1] },
    { title: 'Gold', values: [0, 2] },
  ]);
  expect(seriesOf(points, levels, 'owned', String)).toEqual([
    { title: 'passed', values: [1, null] },
    { title: 'failed', values: [2, null] },
  ]);
});

it('a list is what the address says', () => {
  const search = readScorecardSearch({ list: 'true', rule: 'owned', status: 'failed', group: '~', days: '8', tab: 'none' });
  expect(search).toMatchObject({ list: true, rule: 'owned', status: 'failed', days: undefined, tab: undefined });
  expect(listAsk(search, '$team')).toEqual({ rule: 'owned', status: 'failed', level: undefined, q: undefined, by: '$team', group: '' });
  expect(listAsk(readScorecardSearch({ level: 'Gold' }), '$team')).toEqual({ level: 'Gold' });
});

it('numbers leave as CSV with every status', () => {
  const counts = { passed: 3, exempt: 1, failed: 2, notMeasured: 0, notApplicable: 4 };
  expect(rulesCsv([{ identifier: 'owned', title: 'Has an owner', level: 'Bronze', ...counts }])).toContain('owned,Has an owner,Bronze,3,1,2,0,4');
  const map = { total: 1, groups: [{ key: null, title: '', total: 1, levels: {}, rules: { owned: counts } }] };
  expect(heatCsv(map, [{ identifier: 'owned', title: 'Has an owner' }])).toContain(',,owned,Has an owner,3,1,2,0,4');
});
