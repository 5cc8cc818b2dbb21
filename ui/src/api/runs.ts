import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { client, unwrap } from './client';
import type { components } from './schema';

type Native = components['schemas'];

export type RunStatus = 'WAITING_FOR_APPROVAL' | 'IN_PROGRESS' | 'SUCCESS' | 'FAILURE' | 'DECLINED' | 'CANCELLED';
export type RunKind = 'action' | 'automation' | 'template' | 'workflow';
export type StepState = 'open' | 'intent' | 'following' | 'reported' | 'done' | 'failed' | 'skipped' | 'unclear';

/** A run in a list. */
export interface RunRow {
  id: string;
  of: { kind: RunKind; identifier: string; title?: string; icon?: string };
  starter: { actor: string; email?: string; impersonatedBy?: string; origin: 'UI' | 'API' | 'AUTOMATION' };
  target?: { blueprint: string; entity?: string; title?: string };
  status: RunStatus;
  report: { statusLabel?: string; link?: string[]; summary?: string; externalRunId?: string; response?: unknown };
  error?: string;
  /** What a person has to look at. */
  attention?: string;
  cancelling: boolean;
  createdAt: string;
  updatedAt: string;
  endedAt?: string;
  /** Among those that wait for the viewer: for what. */
  waits?: Omit<Native['RunWaitsFor'], 'kind'> & { kind: 'approval' | 'input' };
}

export interface RunStep {
  id: string;
  name: string;
  performer: string;
  state: { state: StepState };
  attempts: number;
  input?: unknown;
  output?: unknown;
  error?: string;
  startedAt?: string;
  endedAt?: string;
}

export interface Answer {
  email: string;
  verdict: 'APPROVE' | 'DECLINE';
  description?: string;
  at: string;
}

/** A place in a workflow where people are asked. */
export interface AskedInput extends Omit<Native['RunWaits'], 'inputs' | 'may'> {
  /** As the form of an action has them. */
  inputs: Record<string, unknown>;
  /** True, or in words why the viewer does not answer. */
  may: true | string;
}

/** An input as it is for what was filled in. */
export interface AskedForm extends Omit<Native['RunInputForm'], 'userInputs'> {
  userInputs: Record<string, unknown>;
}

export interface Run extends RunRow {
  /** It has been accepted, and nothing else is known of it yet. */
  provisional?: true;
  /** What people are asked now. */
  waiting?: AskedInput[];
  inputs: Record<string, unknown>;
  approval?: { mode: 'ANY' | 'ALL'; approvers: string[]; answers: Answer[] };
  steps: RunStep[];
  output?: unknown;
  rerunOf?: string;
  /** True, or in words why not. */
  may: Record<'cancel' | 'rerun' | 'retry' | 'approve' | 'settle', true | string>;
}

export interface LogLine {
  seq: number;
  at: string;
  level: 'debug' | 'info' | 'warn' | 'error';
  step?: string;
  message: string;
}

export interface RunsAsk {
  mine?: boolean;
  status?: string;
  kind?: string;
  of?: string;
  blueprint?: string;
  entity?: string;
  q?: string;
  limit?: number;
  offset?: number;
}

export interface RunsResult {
  runs: RunRow[];
  total: number;
}

export const hasEnded = (status: RunStatus) => status !== 'WAITING_FOR_APPROVAL' && status !== 'IN_PROGRESS';

/** Lists are looked at again while something in them goes on. */
const pause = 3_000;
const whileGoingOn = ({ state }: { state: { data?: RunsResult } }) => (state.data?.runs.some(({ status }) => status === 'IN_PROGRESS') ? pause : false);

export const runsQuery = (ask: RunsAsk) =>
  queryOptions({
    refetchInterval: whileGoingOn,
    queryKey: ['runs', ask],
    queryFn: async ({ signal }) => (await unwrap(client.GET('/runs', { params: { query: ask }, signal }))) as RunsResult,
    placeholderData: keepPreviousData,
  });

export const runQuery = (id: string) =>
  queryOptions({
    queryKey: ['run', id],
    queryFn: async ({ signal }) => (await unwrap(client.GET('/runs/{id}', { params: { path: { id } }, signal }))) as Run,
  });

export const approvalsQuery = queryOptions({
  queryKey: ['runs', 'approvals'],
  queryFn: async ({ signal }) => (await unwrap(client.GET('/approvals', { signal }))) as RunsResult,
});

const at = (id: string) => ({ params: { path: { id } } });

export const cancelRun = (id: string) => unwrap(client.POST('/runs/{id}/cancel', at(id)));
export const rerun = async (id: string) => (await unwrap(client.POST('/runs/{id}/rerun', { ...at(id), body: {} }))) as Run;
/** Begins a run anew where it failed: what was done stays done. */
export const retryRun = (id: string) => unwrap(client.POST('/runs/{id}/retry', { ...at(id), body: {} }));
export const answerApproval = (id: string, verdict: Answer['verdict'], description: string) =>
  unwrap(client.POST('/runs/{id}/approval', { ...at(id), body: { verdict, description: description || undefined } }));
export const settleStep = (id: string, step: string, as: 'repeat' | 'done' | 'failed', why: string) =>
  unwrap(client.POST('/runs/{id}/steps/{step}/settle', { params: { path: { id, step } }, body: { as, why } }));

const atInput = (id: string, node: string) => ({ params: { path: { id, node } } });

/** Answers what a workflow asks. */
export const answerInput = async (id: string, node: string, button: string, filled: Record<string, unknown>) =>
  (await unwrap(client.POST('/runs/{id}/inputs/{node}', { ...atInput(id, node), body: { button, inputs: filled } }))) as Run;

/** The form of an input for what has been filled in so far. */
export const askedFormQuery = (id: string, node: string, filled: Record<string, unknown>) =>
  queryOptions({
    queryKey: ['run', id, 'input', node, filled],
    queryFn: async ({ signal }) => (await unwrap(client.POST('/runs/{id}/inputs/{node}/form', { ...atInput(id, node), body: { inputs: filled }, signal }))) as AskedForm,
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    retry: false,
  });

/** A run that the server has accepted, before anything is asked about it: its page is there at once. */
export function acceptedRun(id: string, of: RunRow['of'], starter: RunRow['starter'], target?: RunRow['target']): Run {
  const now = new Date().toISOString();
  const later = 'one moment';
  return {
    id,
    of,
    starter,
    target,
    status: 'IN_PROGRESS',
    report: {},
    cancelling: false,
    createdAt: now,
    updatedAt: now,
    inputs: {},
    steps: [],
    may: { cancel: later, rerun: later, retry: later, approve: later, settle: later },
    provisional: true,
  };
}
