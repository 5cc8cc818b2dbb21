import { Tabs } from '@mantine/core';
import { useSuspenseQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { entityQuery } from '~/api/queries';
import { Page } from '~/kit/Page';
import { formatNumber } from '~/lib/text';
import { BlueprintIcon } from '~/parts/BlueprintIcon';
import { useBlueprint, useDocumentTitle } from '~/parts/model';
import classes from './entity.module.css';
import { Header } from './Header';
import { Overview } from './Overview';
import { Raw } from './Raw';
import { Relations } from './Relations';
import type { Tab } from './search';
import { SourceTab } from './SourceTab';

const route = getRouteApi('/_in/entity/$blueprint');

/** Everything about one entity. */
export function EntityPage() {
  const { blueprint: blueprintId } = route.useParams();
  const { id, tab = 'overview', form } = route.useSearch();
  const navigate = route.useNavigate();
  const { data } = useSuspenseQuery(entityQuery(blueprintId, id));
  const blueprint = useBlueprint(blueprintId);
  const title = data.entity.title || data.entity.identifier;
  const documentTitle = useDocumentTitle(title, blueprint?.title ?? blueprintId);
  const open = (next: string | null) =>
    void navigate({ search: { id, tab: next === 'overview' ? undefined : (next as Exclude<Tab, 'overview'>) }, replace: true });
  return (
    <Page
      documentTitle={documentTitle}
      title={title}
      icon={<BlueprintIcon blueprint={blueprintId} icon={data.entity.icon ?? blueprint?.icon} size={19} />}
      subtitle={<Header data={data} blueprint={blueprint} />}
    >
      <Tabs value={tab} onChange={open} keepMounted={false} classNames={{ list: classes.tabs, tab: classes.tab, panel: classes.panel }}>
        <Tabs.List aria-label="Views of the entity">
          <Tabs.Tab value="overview">Overview</Tabs.Tab>
          <Tabs.Tab value="relations" rightSection={<Number n={data.edges.length} />}>
            Relations
          </Tabs.Tab>
          <Tabs.Tab value="source" rightSection={data.problems.length > 0 ? <Number n={data.problems.length} bad /> : null}>
            Source
          </Tabs.Tab>
          <Tabs.Tab value="raw">Raw</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="overview">
          <Overview data={data} blueprint={blueprint} />
        </Tabs.Panel>
        <Tabs.Panel value="relations">
          <Relations edges={data.edges} />
        </Tabs.Panel>
        <Tabs.Panel value="source">
          <SourceTab data={data} />
        </Tabs.Panel>
        <Tabs.Panel value="raw">
          <Raw data={data} form={form} onForm={(next) => void navigate({ search: { id, tab: 'raw', form: next }, replace: true })} />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}

function Number({ n, bad = false }: { n: number; bad?: boolean }) {
  return (
    <span className={classes.number} data-bad={bad || undefined}>
      {formatNumber(n)}
    </span>
  );
}
