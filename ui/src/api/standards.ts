import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { port } from './client';
import { api, ask, type CheckStatus, type Fix, type Key, type May, type Methods, type ScorecardDefinition } from './scorecards';

const portApi = port as unknown as Methods;

/** A new one, never in place of another. */
export const createScorecard = (blueprint: string, body: ScorecardDefinition) => ask<unknown>(portApi.POST('/blueprints/{blueprint}/scorecards', { params: { path: { blueprint } }, body }));
export const deleteScorecard = ({ blueprint, scorecard }: Key) => ask<unknown>(portApi.DELETE('/blueprints/{blueprint}/scorecards/{scorecard}', { params: { path: { blueprint, scorecard } } }));

/** Something that should be fixed. */
export interface NextItem {
  blueprint: string;
  entity: { identifier: string; title: string };
  scorecard: { identifier: string; title: string };
  rule: { identifier: string; title: string };
  status: CheckStatus;
  since?: string | null;
  fix?: Fix | null;
  gain: {
    /** Reached by this fix alone. */
    level: string | null;
    /** Rules that are missing to the next level. */
    missing: number;
  };
}
export interface NextList {
  items: NextItem[];
  total: number;
}

/** What to fix first: of a team, or of the viewer's own teams. */
export const nextQuery = (team?: string, limit = 100) =>
  queryOptions({
    queryKey: ['scorecards', 'next', team, limit],
    queryFn: ({ signal }) => ask<NextList>(api.GET('/scorecards/next', { params: { query: { team, limit } }, signal })),
    placeholderData: keepPreviousData,
    retry: false,
  });

export interface Starter {
  identifier: string;
  title: string;
  description: string;
  blueprint: string;
  rules: number;
  installed: boolean;
  fits: May;
}

export const startersQuery = queryOptions({
  queryKey: ['scorecards', 'starters'],
  queryFn: async ({ signal }) => (await ask<{ starters: Starter[] }>(api.GET('/scorecards/starters', { signal }))).starters,
});
export const installStarter = (identifier: string) => ask<unknown>(api.POST('/scorecards/starters/{identifier}', { params: { path: { identifier } } }));

export type ExemptionState = 'asked' | 'granted' | 'declined' | 'ended' | 'expired';

export interface Exemption {
  id: string;
  state: ExemptionState;
  blueprint: string;
  entity: string;
  /** What they are called; null where they are gone. */
  entityTitle?: string | null;
  scorecardTitle?: string | null;
  ruleTitle?: string | null;
  scorecard: string;
  rule: string;
  reason: string;
  until?: string | null;
  askedBy?: string | null;
  askedAt?: string | null;
  answeredBy?: string | null;
  answeredAt?: string | null;
  note?: string | null;
  /** Whether the viewer may grant, decline or end it. */
  mayAnswer?: May;
  mayEnd?: May;
}

export const exemptionsQuery = (wanted: { state?: ExemptionState; blueprint?: string; entity?: string; scorecard?: string }) =>
  queryOptions({
    queryKey: ['scorecards', 'exemptions', wanted],
    queryFn: async ({ signal }) => (await ask<{ exemptions: Exemption[] }>(api.GET('/exemptions', { params: { query: wanted }, signal }))).exemptions,
    placeholderData: keepPreviousData,
  });

export interface ExemptionAsk {
  blueprint: string;
  entity: string;
  scorecard: string;
  rule: string;
  reason: string;
  /** ISO date and time. */
  until: string;
}
export const askExemption = (body: ExemptionAsk) => ask<Exemption>(api.POST('/exemptions', { body }));
const exemption = (id: string) => ({ params: { path: { id } } });
export const answerExemption = (id: string, verdict: 'GRANT' | 'DECLINE', note?: string) => ask<unknown>(api.POST('/exemptions/{id}/answer', { ...exemption(id), body: { verdict, note } }));
export const endExemption = (id: string) => ask<unknown>(api.DELETE('/exemptions/{id}', exemption(id)));

export interface CampaignGoal {
  blueprint: string;
  scorecard: string;
  rule?: string | null;
  level?: string | null;
  /** Text of the query language: which entities are asked. */
  filter?: string | null;
}
export interface CampaignInput {
  title: string;
  description?: string | null;
  owner: string;
  /** ISO date and time. */
  deadline: string;
  goal: CampaignGoal;
  state?: 'active' | 'archived';
}
export interface Campaign extends CampaignInput {
  id: string;
  state: 'active' | 'archived';
  progress: { total: number; done: number; exempt: number; teams: { team: string | null; title?: string | null; total: number; done: number }[] };
  startedWith?: { total: number; done: number } | null;
  /** Why it cannot be told how far it is. */
  problem?: string | null;
  /** The last time. */
  reminded?: { by: string; at: string; people: number } | null;
  mayChange?: May;
}

export const campaignsQuery = queryOptions({
  queryKey: ['scorecards', 'campaigns'],
  queryFn: async ({ signal }) => (await ask<{ campaigns: Campaign[] }>(api.GET('/campaigns', { signal }))).campaigns,
});
export const createCampaign = (body: CampaignInput) => ask<Campaign>(api.POST('/campaigns', { body }));
const campaign = (id: string) => ({ params: { path: { id } } });
export const putCampaign = (id: string, body: CampaignInput) => ask<Campaign>(api.PUT('/campaigns/{id}', { ...campaign(id), body }));
export const deleteCampaign = (id: string) => ask<unknown>(api.DELETE('/campaigns/{id}', campaign(id)));
export const remind = (id: string) => ask<{ reminded?: number }>(api.POST('/campaigns/{id}/remind', campaign(id)));
