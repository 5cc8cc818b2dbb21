import { useQueryClient, type Query, type QueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { follow, type Change } from '~/api/live';
import { sessionQuery } from '~/api/session';
import { useSession, useWhyNot } from '~/parts/session';

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
      const handlers = { onChanges: (changes: Change[]) => updates.add(changes), onGap: () => updates.everything(), onRefused };
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

/** Collects changes and asks again for what they touch. */
class Updates {
  private model = false;
  private data = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private since = 0;

  constructor(private readonly queryClient: QueryClient) {}

  add(changes: Change[]): void {
    this.data ||= changes.length > 0;
    // the model counts entities too
    this.model ||= changes.some(({ kind, action }) => kind === 'blueprint' || action !== 'updated');
    this.timer ??= setTimeout(() => this.flush(), Math.max(50, this.since + pause - Date.now()));
  }

  everything(): void {
    this.model = true;
    this.data = true;
    this.flush();
  }

  end(): void {
    clearTimeout(this.timer);
  }

  private flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.since = Date.now();
    const { model, data } = this;
    this.model = this.data = false;
    // a value of one entity may come from any other, so every table and entity on screen is asked for
    void this.queryClient.invalidateQueries({ predicate: (query) => touched(query, model, data) });
  }
}

function touched({ queryKey: [name], meta }: Query, model: boolean, data: boolean): boolean {
  if (meta?.still) return false;
  if (name === 'sources') return true;
  if (name === 'model') return model;
  return data && (name === 'table' || name === 'entity' || name === 'suggest' || name === 'users' || name === 'teams');
}
