import { useSuspenseQuery } from '@tanstack/react-query';
import { sessionQuery, why, type OpenSession, type Session } from '~/api/session';

export function useSession(): Session {
  return useSuspenseQuery(sessionQuery).data;
}

const nobody = { name: '', email: null, principal: 'person', firstName: null, lastName: null, role: 'Member', moderated: [], teams: [], via: null } as const;

/** Who is signed in. The router lets nobody else onto these pages; a session that just ended has no rights. */
export function useOpenSession(): OpenSession {
  const session = useSession();
  return { ...session, viewer: session.viewer ?? { ...nobody, moderated: [], teams: [] } };
}

/** Why the viewer may not do this; undefined when it may. An action has the server's name for it: `CreateSecret`. */
export function useWhyNot(action: string): string | undefined {
  return why(useSession(), action);
}
