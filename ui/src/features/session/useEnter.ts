import { useQueryClient } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { useEffect } from 'react';
import { arrivalQuery } from '~/api/queries';
import { localPath } from '~/lib/urls';

/** What one person has seen must not be there for the next one: whoever stands before the door has seen nothing. */
export function useForgetting(): void {
  const queryClient = useQueryClient();
  const router = useRouter();
  useEffect(() => {
    queryClient.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'session' && queryKey[0] !== 'link' });
    router.clearCache();
  }, [queryClient, router]);
}

/** Goes in, once the server has said who one is. */
export function useEnter(): (to?: string) => Promise<void> {
  const queryClient = useQueryClient();
  const router = useRouter();
  return async (to) => {
    await queryClient.fetchQuery({ ...arrivalQuery(queryClient), staleTime: 0 });
    router.history.replace(localPath(to));
  };
}
