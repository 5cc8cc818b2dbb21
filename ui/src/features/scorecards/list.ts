import type { ListAsk } from '~/api/scorecards';
import type { ScorecardSearch } from './search';

/** Stands in the address for those without a value. */
export const noGroup = '~';

/** What the server is asked for the list that the address names. */
export function listAsk({ rule, status, level, group, q }: ScorecardSearch, by: string): ListAsk {
  const ask: ListAsk = { rule, status, level, q };
  if (group !== undefined) Object.assign(ask, { by, group: group === noGroup ? '' : group });
  return ask;
}
