import { Tabs } from '@mantine/core';
import { useSuspenseQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { lazy, Suspense, useCallback, useMemo } from 'react';
import { entityQuery } from '~/api/queries';
import { Page, Waiting } from '~/kit/Page';
import { formatNumber } from '~/lib/text';
import { BlueprintIcon } from '~/parts/BlueprintIcon';
import type { GraphState } from '~/parts/graph/state';
import { useBlueprint, useDocumentTitle, useModel } from '~/parts/model';
import { EntityLevels } from '~/parts/scorecards/EntityLevels';
import { Actions } from './Actions';
import { Attention } from './Attention';
import { Deleted } from './Deleted';
import classes from './entity.module.css';
import { Header } from './Header';
import { Overview } from './Overview';
import { partsOf } from './page';
import { tabs } from './search';

const route = getRouteApi('/_in/entity/$blueprint');

// what a first look does not show is loaded when it is opened
const Related = lazy(() => import('./Related').then(({ Related }) => ({ default: Related })));
const GraphView = lazy(() => import('~/parts/graph/GraphView').then(({ GraphView }) => ({ default: GraphView })));
const Changes = lazy(() => import('./Changes').then(({ Changes }) => ({ default: Changes })));
const Runs = lazy(() => import('~/parts/runs/EntityRuns').then(({ EntityRuns }) => ({ default: EntityRuns })));
const Scorecards = lazy(() => import('~/parts/scorecards/EntityScorecards').then(({ EntityScorecards }) => ({ default: EntityScorecards })));
const Source = lazy(() => import('./Source').then(({ Source }) => ({ default: Source })));
const PageView = lazy(() => import('~/widgets/PageView').then(({ PageView }) => ({ default: PageView })));
const Edit = lazy(() => import('./Edit').then(({ Edit }) => ({ default: Edit })));

/** Everything about one entity. */
export function EntityPage() {
  const { deleted } = route.useSearch();
  return deleted ? <Deleted revision={deleted} /> : <Known />;
}

const titles: Record<(typeof tabs)[number], string> = { overview: 'Overview', related: 'Related', graph: 'Graph', scorecards: 'Scorecards', runs: 'Runs', changes: 'Changes', source: 'Source' };

function Known() {
  const { blueprint: blueprintId } = route.useParams();
  const search = route.useSearch();
  const { id, tab: asked = 'overview' } = search;
  const navigate = route.useNavigate();
  const { data } = useSuspenseQuery(entityQuery(blueprintId, id));
  const blueprint = useBlueprint(blueprintId);
  const title = data.entity.title || data.entity.identifier;
  const { blueprints } = useModel();
  const page = useMemo(() => partsOf(data.page, blueprintId, blueprints), [data.page, blueprintId, blueprints]);
  const own = page.tabs.find(({ key }) => key === asked);
  const tab = own?.key ?? tabs.find((one) => one === asked) ?? 'overview';
  const entity = { blueprint: blueprintId, identifier: data.entity.identifier };
  const documentTitle = useDocumentTitle(title, blueprint?.title ?? blueprintId);
  const open = (next: string | null) => void navigate({ search: { id, tab: next === 'overview' ? undefined : (next ?? undefined) }, replace: true });
  const onState = useCallback((change: Partial<GraphState>) => void navigate({ search: (old) => ({ ...old, ...change }), replace: true }), [navigate]);
  const related = [...data.relations, ...data.others, ...data.incoming].reduce((sum, { total }) => sum + total, 0);
  return (
    <Page
      documentTitle={documentTitle}
      title={title}
      icon={<BlueprintIcon blueprint={blueprintId} icon={data.entity.icon ?? blueprint?.icon} size={19} />}
      subtitle={<Header data={data} blueprint={blueprint} levels={<EntityLevels blueprint={blueprintId} entity={entity.identifier} soon={tab === 'scorecards' || (tab === 'overview' && page.overview.length === 0)} />} />}
      actions={<Actions data={data} onEdit={() => void navigate({ search: (old) => ({ ...old, edit: true }) })} onTab={open} />}
    >
      <Attention data={data} />
      <Tabs value={tab} onChange={open} keepMounted={false} classNames={{ list: classes.tabs, tab: classes.tab, panel: classes.panel }}>
        <Tabs.List aria-label="Views of the entity">
          {tabs.map((one) => (
            <Tabs.Tab key={one} value={one} rightSection={one === 'related' ? <span className={classes.number}>{formatNumber(related)}</span> : null}>
              {titles[one]}
            </Tabs.Tab>
          ))}
          {page.tabs.map(({ key, title: name }) => (
            <Tabs.Tab key={key} value={key}>
              {name}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="overview">
          <Overview data={data} blueprint={blueprint} />
          {page.overview.length > 0 && (
            <Suspense fallback={<Waiting />}>
              <PageView ask={{ widgets: page.overview, entity }} />
            </Suspense>
          )}
        </Tabs.Panel>
        <Suspense fallback={<Waiting />}>
          <Tabs.Panel value="related">
            <Related data={data} saved={page.paths} />
          </Tabs.Panel>
          <Tabs.Panel value="graph" className={classes.graphPanel}>
            <GraphView start={{ blueprint: blueprintId, identifier: id }} state={search} onState={onState} />
          </Tabs.Panel>
          <Tabs.Panel value="scorecards">
            <Scorecards blueprint={blueprintId} entity={entity.identifier} />
          </Tabs.Panel>
          <Tabs.Panel value="runs">
            <Runs blueprint={blueprintId} entity={entity.identifier} />
          </Tabs.Panel>
          <Tabs.Panel value="changes">
            <Changes data={data} blueprint={blueprint} />
          </Tabs.Panel>
          <Tabs.Panel value="source">
            <Source data={data} form={search.form} onForm={(form) => void navigate({ search: { id, tab: 'source', form }, replace: true })} />
          </Tabs.Panel>
          {own && (
            <Tabs.Panel value={own.key}>
              <PageView ask={{ widgets: own.widgets, entity }} />
            </Tabs.Panel>
          )}
        </Suspense>
      </Tabs>
      {search.edit && (
        <Suspense>
          <Edit data={data} blueprint={blueprint} onClose={() => void navigate({ search: (old) => ({ ...old, edit: undefined }), replace: true })} />
        </Suspense>
      )}
    </Page>
  );
}
