import type { QueryClient } from '@tanstack/react-query';
import { redirect, type AnyRouter } from '@tanstack/react-router';
import { ApiError } from '~/api/client';
import { arrivalQuery, modelQuery } from '~/api/queries';
import { sessionQuery, type Session } from '~/api/session';
import { localPath } from '~/lib/urls';

/** A session older than this is asked for again before a page opens: one that was ended ends at the next click. */
const trusted = 3_000;

/** Lets a page open for whoever is signed in, and leads everybody else to the sign-in page and back. */
export async function guard(queryClient: QueryClient, href: string): Promise<void> {
  const session = await freshSession(queryClient);
  if (session.viewer) return;
  throw redirect({ to: '/sign-in', search: back(href), replace: true });
}

async function freshSession(queryClient: QueryClient): Promise<Session> {
  try {
    const arrived = queryClient.getQueryData(modelQuery.queryKey) !== undefined;
    // the first page of a visit has the model in the same answer
    return await (arrived ? queryClient.fetchQuery({ ...sessionQuery, staleTime: trusted }) : queryClient.fetchQuery({ ...arrivalQuery(queryClient), staleTime: 0 }));
  } catch (error) {
    const known = queryClient.getQueryData(sessionQuery.queryKey);
    // a server that is away for a moment does not sign anybody out
    if (known && error instanceof ApiError && error.status !== 401) return known;
    throw error;
  }
}

/** For the pages that lead in: whoever is signed in is led on. */
export async function passOn(queryClient: QueryClient, to: string | undefined): Promise<void> {
  const { viewer } = await queryClient.fetchQuery({ ...arrivalQuery(queryClient), staleTime: 0 });
  if (viewer) throw redirect({ href: localPath(to), replace: true });
}

/** The server no longer knows who this is: everything on screen goes, and comes back after signing in. */
export function expel(router: AnyRouter): void {
  const { pathname, href } = router.latestLocation;
  if (pathname === '/sign-in' || pathname === '/welcome') return;
  void router.navigate({ to: '/sign-in', search: back(href), replace: true });
}

/** `/` is where one lands anyway. */
const back = (href: string) => ({ to: localPath(href) === '/' ? undefined : localPath(href) });
