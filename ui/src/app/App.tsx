import { localStorageColorSchemeManager, MantineProvider } from '@mantine/core';
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { ApiError, isSignedOut } from '~/api/client';

import { cssVariables, theme } from '~/kit/theme';
import { expel } from './entry';
import { createAppRouter } from './router';

// whoever is answered 401, wherever that is, signs in again and comes back
const onError = (error: unknown) => {
  if (isSignedOut(error)) expel(router);
};

const queryClient = new QueryClient({
  queryCache: new QueryCache({ onError }),
  mutationCache: new MutationCache({ onError }),
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      // an answer is an answer; only silence is worth asking again
      retry: (failures, error) => failures < 1 && error instanceof ApiError && error.status === 0,
    },
  },
});
const router = createAppRouter(queryClient);

// public/color-scheme.js reads the same key before the first paint
const colorScheme = localStorageColorSchemeManager({ key: 'stagedoor-color-scheme' });

export function App() {
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariables}
      colorSchemeManager={colorScheme}
      defaultColorScheme="auto"
    >
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  );
}
