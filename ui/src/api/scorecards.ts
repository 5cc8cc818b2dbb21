import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import { client, unwrap } from './client';
import type { components } from './schema';

type Native = components['schemas'];

interface Init {
  params?: { path?: Record<string, string>; query?: Record<string, unknown> };
  body?: unknown;
  signal?: AbortSignal;
}
export type Call = (path: string, init?: Init) => Promise<{ data?: unknown; error?: unknown; response: Response }>;
export type Methods = Record<'GET' | 'POST' | 'PUT' | 'DELETE', Call>;

// the one place where the generated types are left: what is sent and answered is said more closely by interfaces below
export const api = client as unknown as Methods;
export const ask = async <Data>(request: ReturnType<Call>) => (await unwrap(request)) as Data;

/** How an entity stands to a rule. */
export type CheckStatus = 'passed' | 'failed' | 'notMeasured' | 'exempt' | 'notApplicable';
export type Counts = Record<CheckStatus, number>;
/** True, or in words why not. */
export type May = true | string;

export type Level = Native['LevelItem'];
export type CountedLevel = Native['LevelCount'];
export type ScorecardRule = Native['RuleCounts'];
export type DefinitionProblem = Native['DefinitionProblem'];
export type ScorecardRow = Native['ListedScorecard'];
/** What can be done about a failing rule. */
export type Fix = Native['RuleFix'];

/** A scorecard as Port's API has it. */
export type ScorecardDefinition = Record<string, unknown> & { identifier?: string; title?: string };

export interface Scorecard extends Omit<Native['OneScorecard'], 'definition' | 'draft' | 'may'> {
  definition: ScorecardDefinition;
  draft: boolean;
  /** What has been written of it and not been published. */
  draftDefinition: ScorecardDefinition | null;
  may: Record<keyof Native['MayScorecard'], May>;
}

export interface Key {
  blueprint: string;
  scorecard: string;
}
const of = ({ blueprint, scorecard }: Key) => ({ blueprint, scorecard });

export interface Scorecards {
  scorecards: ScorecardRow[];
  mayCreate: May;
}

export const scorecardsQuery = queryOptions({
  queryKey: ['scorecards', 'all'],
  queryFn: async ({ signal }) => (await unwrap(client.GET('/scorecards', { signal }))) as Scorecards,
});

/** Those that count: drafts are left out. */
export const publishedQuery = { ...scorecardsQuery, select: (all: Scorecards): Scorecards => ({ ...all, scorecards: all.scorecards.filter(({ published }) => published) }) };

export const scorecardQuery = (key: Key) =>
  queryOptions({
    queryKey: ['scorecards', 'one', key.blueprint, key.scorecard],
    queryFn: async ({ signal }): Promise<Scorecard> => {
      const { draft, ...sent } = await unwrap(client.GET('/scorecards/{blueprint}/{scorecard}', { params: { path: of(key) }, signal }));
      return { ...sent, draft: Boolean(draft), draftDefinition: draft ?? null } as Scorecard;
    },
    retry: false,
  });

export interface HeatGroup extends Omit<Native['HeatGroup'], 'key'> {
  /** Null: those that have no value. */
  key: string | null;
}
export interface HeatMap extends Omit<Native['HeatMap'], 'groups'> {
  groups: HeatGroup[];
}

export const heatMapQuery = (key: Key, by: string, filter?: string) =>
  queryOptions({
    queryKey: ['scorecards', 'groups', key.blueprint, key.scorecard, by, filter],
    queryFn: async ({ signal }) => (await unwrap(client.GET('/scorecards/{blueprint}/{scorecard}/groups', { params: { path: of(key), query: { by, filter } }, signal }))) as HeatMap,
    placeholderData: keepPreviousData,
    retry: false,
  });

/** Which entities of a scorecard. */
export interface ListAsk {
  rule?: string;
  status?: CheckStatus;
  level?: string;
  by?: string;
  /** A key of the grouping; empty for those without a value. */
  group?: string;
  q?: string;
}
export interface ListedEntity {
  identifier: string;
  title: string;
  blueprint: string;
  teams: string[];
  level: string | null;
  status?: CheckStatus | null;
  since?: string | null;
}
interface ListPage {
  entities: ListedEntity[];
  total: number;
  next?: string | null;
}

export const listQuery = (key: Key, wanted: ListAsk) =>
  infiniteQueryOptions({
    queryKey: ['scorecards', 'entities', key.blueprint, key.scorecard, wanted],
    queryFn: ({ signal, pageParam }) => ask<ListPage>(api.GET('/scorecards/{blueprint}/{scorecard}/entities', { params: { path: of(key), query: { ...wanted, limit: 50, cursor: pageParam || undefined } }, signal })),
    initialPageParam: '',
    getNextPageParam: (last) => last.next || undefined,
    placeholderData: keepPreviousData,
    retry: false,
  });

export interface HistoryPoint {
  date: string;
  applies: number;
  levels: Record<string, number>;
  rules: Record<string, Omit<Counts, 'notApplicable'>>;
}
export interface Move {
  entity: { identifier: string; title: string };
  /** Absent where the level moved. */
  rule?: string | null;
  from: string | null;
  to: string | null;
  at: string;
}
export interface ScorecardHistory {
  points: HistoryPoint[];
  moved: Move[];
  /** When recording began. */
  since: string | null;
}

export const scorecardHistoryQuery = (key: Key, days: number) =>
  queryOptions({
    queryKey: ['scorecards', 'history', key.blueprint, key.scorecard, days],
    queryFn: ({ signal }) => ask<ScorecardHistory>(api.GET('/scorecards/{blueprint}/{scorecard}/history', { params: { path: of(key), query: { days } }, signal })),
    placeholderData: keepPreviousData,
    retry: false,
  });

export interface Condition {
  /** The condition in the words of the query language. */
  text: string;
  value?: unknown;
  /** Null: a value is missing that would decide it. */
  holds: boolean | null;
  /** Why it could not be evaluated. */
  problem?: string | null;
  source?: string | null;
  at?: string | null;
}
export interface RuleResult {
  identifier: string;
  title: string;
  description?: string | null;
  level: string;
  status: CheckStatus;
  since?: string | null;
  conditions: Condition[];
  fix?: Fix | null;
  exemption?: { id: string; until?: string | null; reason: string } | null;
}
export interface EntityScorecard {
  identifier: string;
  title: string;
  level: string;
  levels: Level[];
  /** The next level, and the rules that are missing. */
  next?: { level: string; rules: string[] } | null;
  rules: RuleResult[];
}
export interface EntityScorecards {
  scorecards: EntityScorecard[];
  notApplicable: { identifier: string; title: string }[];
}

export const entityScorecardsQuery = (blueprint: string, identifier: string) =>
  queryOptions({
    queryKey: ['scorecards', 'entity', blueprint, identifier],
    queryFn: ({ signal }) => ask<EntityScorecards>(api.GET('/entities/{blueprint}/{identifier}/scorecards', { params: { path: { blueprint, identifier } }, signal })),
    retry: false,
  });

export interface ScorecardPreview {
  problems: DefinitionProblem[];
  levels: (CountedLevel & { before: number | null })[];
  rules: ({ identifier: string; before: Counts | null } & Counts)[];
  applies: number;
  changes: { up: number; down: number; total: number; examples: { entity: { identifier: string; title: string }; from: string | null; to: string | null }[] };
  entity?: EntityScorecard | null;
}

export const scorecardPreviewQuery = (blueprint: string, definition: ScorecardDefinition, entity: string | undefined) =>
  queryOptions({
    queryKey: ['scorecards', 'preview', blueprint, definition, entity],
    queryFn: ({ signal }) => ask<ScorecardPreview>(api.POST('/scorecards/preview', { body: { blueprint, definition, entity }, signal })),
    placeholderData: keepPreviousData,
    retry: false,
  });

const onOne = (key: Key) => ({ params: { path: of(key) } });
export const putDraft = (key: Key, definition: ScorecardDefinition) => ask<unknown>(api.PUT('/scorecards/{blueprint}/{scorecard}/draft', { ...onOne(key), body: definition }));
export const discardDraft = (key: Key) => ask<unknown>(api.DELETE('/scorecards/{blueprint}/{scorecard}/draft', onOne(key)));
export const publishDraft = (key: Key) => ask<unknown>(api.POST('/scorecards/{blueprint}/{scorecard}/publish', onOne(key)));
