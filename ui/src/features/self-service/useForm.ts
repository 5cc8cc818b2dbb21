import { useMutation, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useRouter } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import type { Started } from '~/api/actions';
import { acceptedRun, runQuery, type RunRow } from '~/api/runs';
import { followAhead } from '~/api/runStream';
import { useOpenSession } from '~/parts/session';
import { presetOf } from './search';

const route = getRouteApi('/_in/self-service/$kind/$id');

/** What is filled in, and the step that the address names. */
export function useForm() {
  const { properties, step = 1, entity, blueprint } = route.useSearch();
  const navigate = route.useNavigate();
  const [values, setValues] = useState(() => presetOf(properties));
  return {
    values,
    setValues,
    entity,
    blueprint,
    at: step - 1,
    // going back in the browser goes back a step
    onAt: (at: number) => void navigate({ search: (old) => ({ ...old, step: at > 0 ? at + 1 : undefined }) }),
    onTarget: (target: { blueprint: string; entity: string } | undefined) => void navigate({ search: (old) => ({ ...old, entity: target?.entity, blueprint: target?.blueprint }), replace: true }),
  };
}

/** What a run is of and about, as the form knows it. */
type About = Pick<RunRow, 'of' | 'target'>;

/** Starts a run and goes to its page, which is there at once: its parts were loaded before, and its log is followed from the answer on. */
export function useStart(start: (sent: Record<string, unknown>) => Promise<Started>, about: About) {
  const queries = useQueryClient();
  const router = useRouter();
  const navigate = route.useNavigate();
  const { viewer } = useOpenSession();
  useEffect(() => {
    void router.loadRouteChunk(router.routesByPath['/runs/$id']);
    // the log is set in it
    void document.fonts.load("12px 'JetBrains Mono Variable'");
  }, [router]);
  return useMutation({
    mutationFn: start,
    onSuccess: ({ id, waits }) => {
      followAhead(id);
      if (!waits) {
        const starter = { actor: viewer.name, email: viewer.email ?? undefined, origin: 'UI' as const };
        // as old as can be: the page asks at once
        queries.setQueryData(runQuery(id).queryKey, acceptedRun(id, about.of, starter, about.target), { updatedAt: 0 });
      }
      void navigate({ to: '/runs/$id', params: { id }, search: {} });
      // what else it changes comes by the feed; the session knows how many wait
      const old = new Set(waits ? ['runs', 'home', 'actions', 'session'] : ['runs', 'home', 'actions']);
      return queries.invalidateQueries({ predicate: ({ queryKey: [first] }) => old.has(String(first)), refetchType: waits ? 'active' : 'none' });
    },
  });
}
