import { Button, Tabs } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { ApiError } from '~/api/client';
import { scorecardQuery, type Key, type Scorecard } from '~/api/scorecards';
import { deleteScorecard } from '~/api/standards';
import { CodeBlock } from '~/kit/CodeBlock';
import { Confirm } from '~/kit/Confirm';
import { Explained } from '~/kit/Explained';
import { Empty, Page, Waiting } from '~/kit/Page';
import { ProblemLine } from '~/kit/Problem';
import { BlueprintIcon } from '~/parts/BlueprintIcon';
import { useBlueprint, useDocumentTitle } from '~/parts/model';
import { AtAGlance } from './AtAGlance';
import { DraftNote } from './DraftNote';
import { ListDrawer } from './ListDrawer';
import type { ScorecardSearch } from './search';
import { whyNot } from './why';

const route = getRouteApi('/_in/scorecards/$blueprint/$scorecard');
const Editor = lazy(() => import('./editor/Editor').then(({ Editor }) => ({ default: Editor })));
const Trend = lazy(() => import('./Trend').then(({ Trend }) => ({ default: Trend })));

/** One scorecard: its levels, its rules, who keeps them, and how that changes. */
export function ScorecardPage() {
  const key = route.useParams();
  const { data, error } = useQuery(scorecardQuery(key));
  const documentTitle = useDocumentTitle(data?.title ?? key.scorecard, 'Scorecards');
  if (error && !data) {
    return (
      <Page documentTitle={documentTitle} title={key.scorecard}>
        <Empty title={error instanceof ApiError && error.status === 404 ? 'There is no such scorecard.' : 'This scorecard cannot be shown.'}>
          <p>{error.message}</p>
          <p>
            <Link to="/scorecards">All scorecards</Link>
          </p>
        </Empty>
      </Page>
    );
  }
  if (!data) {
    return (
      <Page documentTitle={documentTitle} title={key.scorecard}>
        <Waiting />
      </Page>
    );
  }
  return <Known key={`${key.blueprint} ${key.scorecard}`} scorecard={data} documentTitle={documentTitle} />;
}

function Known({ scorecard, documentTitle }: { scorecard: Scorecard; documentTitle: string }) {
  const { blueprint, identifier, title, problems, definition, draftDefinition, may } = scorecard;
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const icon = useBlueprint(blueprint)?.icon;
  const change = (patch: ScorecardSearch, replace = true) => void navigate({ search: (old) => ({ ...old, ...patch }), replace });
  const whyNoEdit = whyNot(may.update);
  const drafted = !scorecard.published;
  if (search.edit || drafted) {
    const close = (kept: Key | undefined, published: boolean | undefined) => {
      // of what is only a draft there is no page to go back to
      if (drafted && !published) return navigate({ to: '/scorecards', search: {} });
      return navigate({ params: kept ?? { blueprint, scorecard: identifier }, search: {} });
    };
    return (
      <Suspense fallback={<Waiting />}>
        <Editor scorecard={scorecard} onClose={(kept, published) => void close(kept, published)} />
      </Suspense>
    );
  }
  return (
    <Page
      documentTitle={documentTitle}
      title={title}
      icon={<BlueprintIcon blueprint={blueprint} icon={icon} size={19} />}
      subtitle={<Where scorecard={scorecard} />}
      actions={
        <>
          <Confirm label="Delete…" title={`Delete “${title}”?`} confirm="Delete it" run={() => deleteScorecard({ blueprint, scorecard: identifier }).then(() => navigate({ to: '/scorecards', search: {} }))} why={whyNot(may.delete)}>
            Its results, exemptions and draft go with it. Entities stay as they are.
          </Confirm>
          <Explained why={whyNoEdit}>
            <Button onClick={() => change({ edit: true }, false)}>{draftDefinition ? 'Edit the draft' : 'Edit'}</Button>
          </Explained>
        </>
      }
    >
      {problems.map(({ path, message }) => (
        <ProblemLine key={`${path} ${message}`} level="error" message={message} file={path} />
      ))}
      {draftDefinition && <DraftNote scorecard={scorecard} />}
      <Tabs value={search.tab ?? 'glance'} onChange={(tab) => change({ tab: tab === 'glance' ? undefined : (tab as ScorecardSearch['tab']) })} keepMounted={false}>
        <Tabs.List aria-label="Views of the scorecard">
          <Tabs.Tab value="glance">At a glance</Tabs.Tab>
          <Tabs.Tab value="trend">Trend and moves</Tabs.Tab>
          <Tabs.Tab value="definition">Definition</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="glance" pt={6}>
          <AtAGlance scorecard={scorecard} search={search} onSearch={change} />
        </Tabs.Panel>
        <Tabs.Panel value="trend" pt={12}>
          <Suspense fallback={<Waiting />}>
            <Trend scorecard={scorecard} search={search} onSearch={change} />
          </Suspense>
        </Tabs.Panel>
        <Tabs.Panel value="definition" pt={14}>
          <CodeBlock text={JSON.stringify(definition, null, 2)} language="json" label="The definition as JSON" />
        </Tabs.Panel>
      </Tabs>
      <ListDrawer scorecard={scorecard} search={search} onSearch={change} />
    </Page>
  );
}

function Where({ scorecard: { blueprint, blueprintTitle } }: { scorecard: Scorecard }) {
  return (
    <>
      A scorecard of <Link to="/catalog/$blueprint" params={{ blueprint }}>{blueprintTitle}</Link> · <Link to="/scorecards">All scorecards</Link>
    </>
  );
}
