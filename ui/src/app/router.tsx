import type { QueryClient } from '@tanstack/react-query';
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
} from '@tanstack/react-router';
import { entityQuery, modelQuery, sessionQuery, sourcesQuery } from '~/api/queries';
import { CatalogPage } from '~/features/catalog/CatalogPage';
import { readCatalogSearch } from '~/features/catalog/search';
import { DocumentsPage } from '~/features/documents/DocumentsPage';
import { EntityFailure } from '~/features/entity/EntityFailure';
import { EntityPage } from '~/features/entity/EntityPage';
import { readEntitySearch } from '~/features/entity/search';
import { HomePage } from '~/features/home/HomePage';
import { readModelSearch } from '~/features/model/search';
import { SourcesPage } from '~/features/sources/SourcesPage';
import { parseSearch, stringifySearch } from '~/lib/search';
import { Failure } from '~/parts/Failure';
import { NotFound } from './NotFound';
import { Shell } from './Shell';

const rootRoute = createRootRouteWithContext<{ queryClient: QueryClient }>()({
  loader: ({ context }) =>
    Promise.all([
      context.queryClient.ensureQueryData(sessionQuery),
      context.queryClient.ensureQueryData(modelQuery),
    ]).then(() => undefined),
  component: Shell,
  errorComponent: Failure,
  notFoundComponent: NotFound,
});

const homeRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/',
  loader: ({ context }) => context.queryClient.ensureQueryData(sourcesQuery),
  component: HomePage,
});

const catalogRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/catalog/$blueprint',
  validateSearch: readCatalogSearch,
  component: CatalogPage,
});

const entityRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/entity/$blueprint',
  validateSearch: readEntitySearch,
  loaderDeps: ({ search }) => ({ id: search.id }),
  loader: ({ context, params, deps }) =>
    context.queryClient.ensureQueryData(entityQuery(params.blueprint, deps.id)),
  component: EntityPage,
  errorComponent: EntityFailure,
});

const modelRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/model',
  validateSearch: readModelSearch,
  // the graph brings its own library, so it is loaded only when it is looked at
  component: lazyRouteComponent(() => import('~/features/model/ModelPage'), 'ModelPage'),
});

const sourcesRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/sources',
  loader: ({ context }) => context.queryClient.ensureQueryData(sourcesQuery),
  component: SourcesPage,
});

const documentsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/documents',
  component: DocumentsPage,
});

const routeTree = rootRoute.addChildren([
  homeRoute,
  catalogRoute,
  entityRoute,
  modelRoute,
  sourcesRoute,
  documentsRoute,
]);

export function createAppRouter(queryClient: QueryClient) {
  return createRouter({
    routeTree,
    context: { queryClient },
    parseSearch,
    stringifySearch,
    defaultPreload: 'intent',
    // how old data may be is the query client's business
    defaultPreloadStaleTime: 0,
    defaultErrorComponent: Failure,
    scrollRestoration: true,
    scrollToTopSelectors: ['#main'],
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
