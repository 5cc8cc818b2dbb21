import { useQueryClient } from '@tanstack/react-query';
import { useRouterState } from '@tanstack/react-router';
import { useEffect } from 'react';
import { noteViewed } from '~/api/home';

/** Who passes by has not looked. It also keeps the request out of the first view of the page. */
const glance = 1_500;

/** Remembers which entities were looked at, on the server: the list is the same on every device. */
export function useViewed(): void {
  const queryClient = useQueryClient();
  const seen = useRouterState({
    select: ({ matches }) => {
      const match = matches.find(({ routeId }) => String(routeId).endsWith('/entity/$blueprint'));
      const { blueprint } = (match?.params ?? {}) as { blueprint?: string };
      const { id } = (match?.search ?? {}) as { id?: string };
      return match?.status === 'success' && blueprint && id ? `${blueprint}\n${id}` : undefined;
    },
  });
  useEffect(() => {
    if (!seen) return undefined;
    const [blueprint = '', identifier = ''] = seen.split('\n');
    const timer = setTimeout(() => {
      noteViewed(blueprint, identifier).then(
        () => Promise.all([queryClient.invalidateQueries({ queryKey: ['home'] }), queryClient.invalidateQueries({ queryKey: ['suggest', ''] })]),
        // that the list is one short is nothing to trouble anybody with
        () => undefined,
      );
    }, glance);
    return () => clearTimeout(timer);
  }, [seen, queryClient]);
}
