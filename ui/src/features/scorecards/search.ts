import type { CheckStatus } from '~/api/scorecards';
import type { ExemptionState } from '~/api/standards';

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);
const flag = (value: unknown) => (value === true || value === 'true' ? (true as const) : undefined);
const one = <Value extends string>(of: readonly Value[], value: unknown) => of.find((known) => known === value);

export interface OverviewSearch {
  q?: string;
  create?: true;
  starters?: true;
}

export function readOverviewSearch(raw: Record<string, unknown>): OverviewSearch {
  return { q: text(raw.q), create: flag(raw.create), starters: flag(raw.starters) };
}

const statuses: readonly CheckStatus[] = ['passed', 'failed', 'notMeasured', 'notApplicable', 'exempt'];
export const tabs = ['trend', 'definition'] as const;

/** Which entities the list beside the page shows. */
export interface ListSearch {
  rule?: string;
  status?: CheckStatus;
  level?: string;
  /** A key of the grouping; `~` for those without a value. */
  group?: string;
  q?: string;
}

export interface ScorecardSearch extends ListSearch {
  tab?: (typeof tabs)[number];
  edit?: true;
  /** What the heat map's rows are. */
  by?: string;
  /** Which entities the heat map counts. */
  filter?: string;
  days?: number;
  /** What the trend shows in place of the levels. */
  of?: string;
  /** The list is open. */
  list?: true;
}

export function readScorecardSearch(raw: Record<string, unknown>): ScorecardSearch {
  const days = Number(raw.days);
  return {
    tab: one(tabs, raw.tab),
    edit: flag(raw.edit),
    by: text(raw.by),
    filter: text(raw.filter),
    days: [7, 90, 365].includes(days) ? days : undefined,
    of: text(raw.of),
    list: flag(raw.list),
    rule: text(raw.rule),
    status: one(statuses, raw.status),
    level: text(raw.level),
    group: text(raw.group),
    q: text(raw.q),
  };
}

export interface NextSearch {
  team?: string;
  scorecard?: string;
}

export function readNextSearch(raw: Record<string, unknown>): NextSearch {
  return { team: text(raw.team), scorecard: text(raw.scorecard) };
}

export interface ExemptionsSearch {
  standing?: ExemptionState | 'all';
}

export function readExemptionsSearch(raw: Record<string, unknown>): ExemptionsSearch {
  return { standing: one(['asked', 'granted', 'declined', 'ended', 'expired', 'all'] as const, raw.standing) };
}

export interface CampaignsSearch {
  id?: string;
  create?: true;
  edit?: true;
  /** Those that are over, too. */
  archived?: true;
}

export function readCampaignsSearch(raw: Record<string, unknown>): CampaignsSearch {
  return { id: text(raw.id), create: flag(raw.create), edit: flag(raw.edit), archived: flag(raw.archived) };
}
