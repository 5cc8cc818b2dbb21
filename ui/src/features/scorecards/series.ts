import type { CheckStatus, HistoryPoint, Level } from '~/api/scorecards';

interface Series {
  title: string;
  values: (number | null)[];
}

const drawn = ['passed', 'failed', 'notMeasured', 'exempt'] as const;

/** The lines of a trend: one for each level, or for each status of a rule. */
export function seriesOf(points: HistoryPoint[], levels: Level[], rule: string | undefined, words: (status: CheckStatus) => string): Series[] {
  if (rule === undefined) return levels.map(({ title }) => ({ title, values: points.map((point) => point.levels[title] ?? 0) }));
  const all = drawn.map((status) => ({ title: words(status), values: points.map((point) => point.rules[rule]?.[status] ?? null) }));
  // a line that is never above nothing says nothing
  return all.filter(({ title, values }) => title === words('passed') || values.some((value) => (value ?? 0) > 0));
}
