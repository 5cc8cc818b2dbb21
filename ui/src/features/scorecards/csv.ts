import type { HeatMap, ScorecardRule } from '~/api/scorecards';
import { toCsv } from '~/lib/csv';
import { statuses } from '~/parts/scorecards/counts';

/** Rules with all their counts. */
export const rulesCsv = (rules: ScorecardRule[]) => toCsv(['identifier', 'title', 'level', ...statuses], rules.map((rule) => [rule.identifier, rule.title, rule.level, ...statuses.map((status) => rule[status])]));

/** One line for each group and rule. */
export const heatCsv = (map: Pick<HeatMap, 'groups'>, rules: Pick<ScorecardRule, 'identifier' | 'title'>[]) =>
  toCsv(
    ['group', 'groupTitle', 'rule', 'ruleTitle', ...statuses],
    map.groups.flatMap((group) => rules.map(({ identifier, title }) => [group.key ?? '', group.title, identifier, title, ...statuses.map((status) => group.rules[identifier]?.[status] ?? 0)])),
  );
