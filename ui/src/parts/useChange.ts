import { useMutation, useQueryClient } from '@tanstack/react-query';

/** Something that changes what is on screen: when it is done, everything is asked for again. */
export function useChange<In, Out>(run: (input: In) => Promise<Out>, onSuccess?: (out: Out) => void) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: run,
    onSuccess: (out) => {
      onSuccess?.(out);
      return queries.invalidateQueries();
    },
  });
}
