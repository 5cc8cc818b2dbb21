import type { QueryClient } from '@tanstack/react-query';
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
} from '@tanstack/react-router';
import { blueprintQuery } from '~/api/blueprints';
import { homeQuery } from '~/api/home';
import { runQuery } from '~/api/runs';
import { arrivalQuery, entityQuery, modelQuery, sourcesQuery } from '~/api/queries';
import { CatalogPage } from '~/features/catalog/CatalogPage';
import { DocumentsPage } from '~/features/documents/DocumentsPage';
import { EntityFailure } from '~/features/entity/EntityFailure';
import { EntityPage } from '~/features/entity/EntityPage';
import { readEntitySearch } from '~/features/entity/search';
import { readGraphSearch } from '~/features/graph/search';
import { HomePage } from '~/features/home/HomePage';
import { readHomeSearch } from '~/features/home/search';
import { readActionsSearch } from '~/features/automations/search';
import { readAuditSearch } from '~/features/audit/search';
import { readMachinesSearch } from '~/features/machines/search';
import { readEditorSearch } from '~/features/model/editor/search';
import { readModelSearch } from '~/features/model/search';
import { readPageSearch, readPagesSearch } from '~/features/pages/search';
import { readPeopleSearch, readPersonSearch } from '~/features/people/search';
import { readRunSearch, readRunsSearch } from '~/features/runs/search';
import { readCampaignsSearch, readExemptionsSearch, readNextSearch, readOverviewSearch, readScorecardSearch } from '~/features/scorecards/search';
import { readSecretsSearch } from '~/features/secrets/search';
import { readFormSearch, readHubSearch } from '~/features/self-service/search';
import { readSignInSearch } from '~/features/session/search';
import { SignInPage } from '~/features/session/SignInPage';
import { WelcomePage } from '~/features/session/WelcomePage';
import { readSourcesSearch } from '~/features/sources/search';
import { SourcesPage } from '~/features/sources/SourcesPage';
import { readTeamSearch, readTeamsSearch } from '~/features/teams/search';
import { parseSearch, stringifySearch } from '~/lib/search';
import { readTemplateSearch } from '~/features/templates/search';
import { readTableSearch } from '~/parts/table/search';
import { Failure } from '~/parts/Failure';
import { guard, passOn } from './entry';
import { NotFound } from './NotFound';
import { Pending } from './Pending';
import { Shell } from './Shell';

const rootRoute = createRootRouteWithContext<{ queryClient: QueryClient }>()({ errorComponent: Failure });

// Pages in front of the door.

const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/sign-in',
  validateSearch: readSignInSearch,
  beforeLoad: ({ context, search }) => passOn(context.queryClient, search.to),
  component: SignInPage,
});

const welcomeRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/welcome',
  loader: ({ context }) => context.queryClient.ensureQueryData(arrivalQuery(context.queryClient)).then(() => undefined),
  component: WelcomePage,
});

// Pages behind it.

const inRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: '_in',
  beforeLoad: ({ context, location, preload }) => (preload ? undefined : guard(context.queryClient, location.href)),
  loader: ({ context }) => context.queryClient.ensureQueryData(modelQuery).then(() => undefined),
  component: Shell,
  errorComponent: Failure,
});

const elsewhereRoute = createRoute({ getParentRoute: () => inRoute, path: '$', component: NotFound });

const homeRoute = createRoute({
  getParentRoute: () => inRoute,
  path: '/',
  validateSearch: readHomeSearch,
  loader: ({ context }) => context.queryClient.ensureQueryData(homeQuery),
  component: HomePage,
});

const catalogRoute = createRoute({
  getParentRoute: () => inRoute,
  path: '/catalog/$blueprint',
  validateSearch: readTableSearch,
  component: CatalogPage,
});

const queryRoute = createRoute({
  getParentRoute: () => inRoute,
  path: '/query',
  validateSearch: readTableSearch,
  component: lazyRouteComponent(() => import('~/features/query/QueryPage'), 'QueryPage'),
});

const viewRoute = createRoute({
  getParentRoute: () => inRoute,
  path: '/views/$id',
  validateSearch: readTableSearch,
  component: lazyRouteComponent(() => import('~/features/query/ViewPage'), 'ViewPage'),
});

const entityRoute = createRoute({
  getParentRoute: () => inRoute,
  path: '/entity/$blueprint',
  validateSearch: readEntitySearch,
  loaderDeps: ({ search }) => ({ id: search.id }),
  loader: ({ context, params, deps }) =>
    context.queryClient.ensureQueryData(entityQuery(params.blueprint, deps.id)),
  component: EntityPage,
  errorComponent: EntityFailure,
});

const graphRoute = createRoute({
  getParentRoute: () => inRoute,
  path: '/graph',
  validateSearch: readGraphSearch,
  component: lazyRouteComponent(() => import('~/features/graph/GraphPage'), 'GraphPage'),
});

const pagesRoute = createRoute({
  getParentRoute: () => inRoute,
  path: '/pages',
  validateSearch: readPagesSearch,
  component: lazyRouteComponent(() => import('~/features/pages/PagesScreen'), 'PagesScreen'),
});

const pageRoute = createRoute({
  getParentRoute: () => inRoute,
  path: '/pages/$page',
  validateSearch: readPageSearch,
  component: lazyRouteComponent(() => import('~/features/pages/PageScreen'), 'PageScreen'),
});

const modelRoute = createRoute({
  getParentRoute: () => inRoute,
  path: '/model',
  validateSearch: readModelSearch,
  // the graph brings its own library, so it is loaded only when it is looked at
  component: lazyRouteComponent(() => import('~/features/model/ModelPage'), 'ModelPage'),
});

const blueprintRoute = createRoute({
  getParentRoute: () => inRoute,
  path: '/model/$blueprint',
  validateSearch: readEditorSearch,
  loader: ({ context, params }) => context.queryClient.ensureQueryData(blueprintQuery(params.blueprint)).then(() => undefined),
  component: lazyRouteComponent(() => import('~/features/model/editor/EditorPage'), 'EditorPage'),
});

const sourcesRoute = createRoute({
  getParentRoute: () => inRoute,
  path: '/sources',
  validateSearch: readSourcesSearch,
  loader: ({ context }) => context.queryClient.ensureQueryData(sourcesQuery),
  component: SourcesPage,
});

const documentsRoute = createRoute({
  getParentRoute: () => inRoute,
  path: '/documents',
  component: DocumentsPage,
});

const hubRoute = createRoute({
  getParentRoute: () => inRoute,
  path: '/self-service',
  validateSearch: readHubSearch,
  component: lazyRouteComponent(() => import('~/features/self-service/HubPage'), 'HubPage'),
});

const formRoute = createRoute({
  getParentRoute: () => inRoute,
  path: '/self-service/$kind/$id',
  validateSearch: readFormSearch,
  component: lazyRouteComponent(() => import('~/features/self-service/FormPage'), 'FormPage'),
});

const runsRoute = createRoute({
  getParentRoute: () => inRoute,
  path: '/runs',
  validateSearch: readRunsSearch,
  component: lazyRouteComponent(() => import('~/features/runs/RunsPage'), 'RunsPage'),
});

const runRoute = createRoute({
  getParentRoute: () => inRoute,
  path: '/runs/$id',
  validateSearch: readRunSearch,
  loader: ({ context, params }) => context.queryClient.ensureQueryData(runQuery(params.id)).then(() => undefined),
  component: lazyRouteComponent(() => import('~/features/runs/RunPage'), 'RunPage'),
});

const approvalsRoute = createRoute({
  getParentRoute: () => inRoute,
  path: '/approvals',
  component: lazyRouteComponent(() => import('~/features/runs/ApprovalsPage'), 'ApprovalsPage'),
});

const templatesRoute = createRoute({
  getParentRoute: () => inRoute,
  path: '/templates',
  validateSearch: readTemplateSearch,
  component: lazyRouteComponent(() => import('~/features/templates/TemplatesPage'), 'TemplatesPage'),
});

const actionsRoute = createRoute({
  getParentRoute: () => inRoute,
  path: '/actions',
  validateSearch: readActionsSearch,
  component: lazyRouteComponent(() => import('~/features/automations/ActionsPage'), 'ActionsPage'),
});

const selfService = [actionsRoute, templatesRoute, hubRoute, formRoute, runsRoute, runRoute, approvalsRoute] as const;

// Scorecards, and what comes of them.

const scorecardsRoute = createRoute({
  getParentRoute: () => inRoute,
  path: '/scorecards',
  validateSearch: readOverviewSearch,
  component: lazyRouteComponent(() => import('~/features/scorecards/OverviewPage'), 'OverviewPage'),
});

const scorecardRoute = createRoute({
  getParentRoute: () => inRoute,
  path: '/scorecards/$blueprint/$scorecard',
  validateSearch: readScorecardSearch,
  component: lazyRouteComponent(() => import('~/features/scorecards/ScorecardPage'), 'ScorecardPage'),
});

const nextRoute = createRoute({
  getParentRoute: () => inRoute,
  path: '/scorecards/next',
  validateSearch: readNextSearch,
  component: lazyRouteComponent(() => import('~/features/scorecards/NextPage'), 'NextPage'),
});

const exemptionsRoute = createRoute({
  getParentRoute: () => inRoute,
  path: '/scorecards/exemptions',
  validateSearch: readExemptionsSearch,
  component: lazyRouteComponent(() => import('~/features/scorecards/ExemptionsPage'), 'ExemptionsPage'),
});

const campaignsRoute = createRoute({
  getParentRoute: () => inRoute,
  path: '/scorecards/campaigns',
  validateSearch: readCampaignsSearch,
  component: lazyRouteComponent(() => import('~/features/scorecards/CampaignsPage'), 'CampaignsPage'),
});

const scorecards = [scorecardsRoute, scorecardRoute, nextRoute, exemptionsRoute, campaignsRoute] as const;

// Administration is loaded when it is opened: most people never do.

const peopleRoute = createRoute({
  getParentRoute: () => inRoute,
  path: '/people',
  validateSearch: readPeopleSearch,
  component: lazyRouteComponent(() => import('~/features/people/PeoplePage'), 'PeoplePage'),
});

const personRoute = createRoute({
  getParentRoute: () => inRoute,
  path: '/person',
  validateSearch: readPersonSearch,
  component: lazyRouteComponent(() => import('~/features/people/PersonPage'), 'PersonPage'),
});

const teamsRoute = createRoute({
  getParentRoute: () => inRoute,
  path: '/teams',
  validateSearch: readTeamsSearch,
  component: lazyRouteComponent(() => import('~/features/teams/TeamsPage'), 'TeamsPage'),
});

const teamRoute = createRoute({
  getParentRoute: () => inRoute,
  path: '/team',
  validateSearch: readTeamSearch,
  component: lazyRouteComponent(() => import('~/features/teams/TeamPage'), 'TeamPage'),
});

const machinesRoute = createRoute({
  getParentRoute: () => inRoute,
  path: '/service-accounts',
  validateSearch: readMachinesSearch,
  component: lazyRouteComponent(() => import('~/features/machines/ServiceAccountsPage'), 'ServiceAccountsPage'),
});

const secretsRoute = createRoute({
  getParentRoute: () => inRoute,
  path: '/secrets',
  validateSearch: readSecretsSearch,
  component: lazyRouteComponent(() => import('~/features/secrets/SecretsPage'), 'SecretsPage'),
});

const auditRoute = createRoute({
  getParentRoute: () => inRoute,
  path: '/audit',
  validateSearch: readAuditSearch,
  component: lazyRouteComponent(() => import('~/features/audit/AuditPage'), 'AuditPage'),
});

const accountRoute = createRoute({
  getParentRoute: () => inRoute,
  path: '/account',
  component: lazyRouteComponent(() => import('~/features/account/AccountPage'), 'AccountPage'),
});

const administration = [peopleRoute, personRoute, teamsRoute, teamRoute, machinesRoute, secretsRoute, auditRoute, accountRoute] as const;

const routeTree = rootRoute.addChildren([
  signInRoute,
  welcomeRoute,
  inRoute.addChildren([homeRoute, catalogRoute, queryRoute, viewRoute, entityRoute, graphRoute, pagesRoute, pageRoute, modelRoute, blueprintRoute, sourcesRoute, documentsRoute, ...scorecards, ...selfService, ...administration, elsewhereRoute]),
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
    defaultPendingComponent: Pending,
    defaultPendingMs: 250,
    defaultPendingMinMs: 0,
    defaultNotFoundComponent: NotFound,
    scrollRestoration: true,
    scrollToTopSelectors: ['#main'],
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
