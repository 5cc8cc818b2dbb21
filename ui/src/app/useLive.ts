import { useQueryClient, type Query, type QueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { follow, type Change } from '~/api/live';
import { sessionQuery } from '~/api/session';
import { useSession, useWhyNot } from '~/parts/session';
import { noteConnection } from './connection';

/** So that an import of thousands does not ask for the page thousands of times. */
const pause = 1_000;

/** Keeps what is on screen as new as the catalog, while the page is visible. */
export function useLive(): void {
  const queryClient = useQueryClient();
  const { revision } = useSession();
  const allowed = useWhyNot('ReadFeed') === undefined;
  // what is on screen first was asked for after this revision
  const [first] = useState(revision === null ? undefined : String(revision));
  useEffect(() => (allowed ? whileVisible(queryClient, first) : undefined), [allowed, queryClient, first]);
}

function whileVisible(queryClient: QueryClient, first: string | undefined): () => void {
  let from = first;
  let stop: AbortController | undefined;
  const updates = new Updates(queryClient);
  // the session may have been ended from elsewhere: asking shows it
  const onRefused = () => void queryClient.invalidateQueries({ queryKey: sessionQuery.queryKey });
  const turn = () => {
    const visible = document.visibilityState === 'visible';
    if (visible && !stop) {
      stop = new AbortController();
      const handlers = {
        onChanges: (changes: Change[]) => updates.add(changes),
        onGap: () => updates.everything(),
        onRefused,
        onConnection: noteConnection,
      };
      void follow(handlers, stop.signal, from);
    } else if (!visible) {
      stop?.abort();
      stop = undefined;
      // who was away asks for everything, rather than hearing every change of a day
      from = undefined;
    }
  };
  turn();
  document.addEventListener('visibilitychange', turn);
  return () => {
    document.removeEventListener('visibilitychange', turn);
    stop?.abort();
    updates.end();
  };
}

/** What changed since the page asked last. */
interface Touched {
  model: boolean;
  data: boolean;
  /** Collections of records. */
  records: Set<string>;
}

const nothing = (): Touched => ({ model: false, data: false, records: new Set() });

/** Collects changes and asks again for what they touch. */
class Updates {
  private touched = nothing();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private since = 0;

  constructor(private readonly queryClient: QueryClient) {}

  add(changes: Change[]): void {
    for (const { kind, action, blueprint } of changes) {
      if (kind === 'record') this.touched.records.add(blueprint);
      else this.touched.data = true;
      // the model counts entities too
      this.touched.model ||= kind === 'blueprint' || (kind === 'entity' && action !== 'updated');
    }
    this.timer ??= setTimeout(() => this.flush(), Math.max(50, this.since + pause - Date.now()));
  }

  everything(): void {
    this.touched = { model: true, data: true, records: new Set(Object.keys(ofRecords)) };
    this.flush();
  }

  end(): void {
    clearTimeout(this.timer);
  }

  private flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.since = Date.now();
    const { touched } = this;
    this.touched = nothing();
    // a value of one entity may come from any other, so whatever is on screen of the catalog is asked for
    void this.queryClient.invalidateQueries({ predicate: (query) => isTouched(query, touched) });
  }
}

/** Queries, by the first part of their key, that no change of the catalog makes old: those of people, and what a person asked for once. */
const still = new Set(['session', 'link', 'tokens', 'scopes', 'sessions', 'invitations', 'service-accounts', 'secrets', 'audit', 'query', 'jq', 'migration', 'run', 'runs', 'actions', 'action form', 'template']);

/** Queries that only a change of the model makes old. */
const ofModel = new Set(['model', 'blueprint', 'blueprint-templates']);

/** Queries that a change of a record makes old. */
const ofRecords: Record<string, string[]> = {
  // the lines of the sidebar come with the model
  page: ['page', 'pages', 'widgets', 'model', 'home'],
  folder: ['model'],
  view: ['view', 'views', 'model'],
  home: ['home'],
  scorecard: ['scorecards', 'model', 'table', 'entity', 'widgets', 'home'],
  scorecard_draft: ['scorecards'],
  exemption: ['scorecards', 'table', 'entity', 'widgets', 'home'],
  campaign: ['scorecards'],
  organization: ['session'],
  blueprint_permissions: ['session', 'permissions'],
  action: ['actions', 'action form'],
  action_permissions: ['actions', 'action form'],
};

export function isTouched({ queryKey: [first], meta }: Pick<Query, 'queryKey' | 'meta'>, { model, data, records }: Touched): boolean {
  if (meta?.still) return false;
  const name = String(first);
  for (const collection of records) {
    if (ofRecords[collection]?.includes(name)) return true;
  }
  if (name === 'sources') return true;
  if (ofModel.has(name)) return model;
  return data && !still.has(name);
}
