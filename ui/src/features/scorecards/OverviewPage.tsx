import { Button, Modal } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { scorecardsQuery, type Scorecards } from '~/api/scorecards';
import { Explained } from '~/kit/Explained';
import { Empty, Waiting } from '~/kit/Page';
import { ProblemLine } from '~/kit/Problem';
import { SearchField } from '~/kit/SearchField';
import { count } from '~/lib/text';
import { Frame } from './Frame';
import { ScorecardTile } from './ScorecardTile';
import classes from './scorecards.module.css';
import { Starters } from './Starters';
import { whyNot } from './why';

const route = getRouteApi('/_in/scorecards');
const Editor = lazy(() => import('./editor/Editor').then(({ Editor }) => ({ default: Editor })));

/** Every scorecard at a glance. */
export function OverviewPage() {
  const { q, create, starters } = route.useSearch();
  const navigate = route.useNavigate();
  const { data, error } = useQuery(scorecardsQuery);
  if (create) {
    return (
      <Suspense fallback={<Waiting />}>
        <Editor onClose={(kept, published) => void (kept && published ? navigate({ to: '/scorecards/$blueprint/$scorecard', params: kept, search: {} }) : navigate({ search: {} }))} />
      </Suspense>
    );
  }
  const all = data?.scorecards ?? [];
  const shown = all.filter(({ title, identifier, blueprintTitle }) => !q || `${title} ${identifier} ${blueprintTitle}`.toLowerCase().includes(q.toLowerCase()));
  const turn = (open: boolean) => void navigate({ search: (old) => ({ ...old, starters: open || undefined }), replace: true });
  return (
    <Frame
      title="Scorecards"
      subtitle={all.length > 0 ? `${count(shown.length, 'scorecard')}${shown.length < all.length ? `, ${all.length - shown.length} hidden by the filter` : ''}` : undefined}
      actions={
        all.length > 0 && (
          <>
            <SearchField label="Find a scorecard" value={q ?? ''} onChange={(next) => void navigate({ search: (old) => ({ ...old, q: next || undefined }), replace: true })} />
            <Button variant="default" onClick={() => turn(true)}>
              Starters…
            </Button>
            <NewButton mayCreate={data?.mayCreate} onClick={() => void navigate({ search: { create: true } })} />
          </>
        )
      }
    >
      {error && <ProblemLine level="error" message={error.message} />}
      {!data && !error && <Waiting />}
      {data && all.length === 0 && (
        <Empty title="There is no scorecard yet.">
          <p>A scorecard says what good looks like: levels, and rules over what the catalog knows. Every entity finds its level by itself, and everybody sees what is missing.</p>
          <div className={classes.starting}>
            <h2 className={classes.startingTitle}>Begin with one of these</h2>
            <Starters />
            <p>or</p>
            <NewButton mayCreate={data.mayCreate} onClick={() => void navigate({ search: { create: true } })} />
          </div>
        </Empty>
      )}
      {all.length > 0 && shown.length === 0 && <Empty title="Nothing matches." />}
      <ul className={classes.tiles}>
        {shown.map((scorecard) => (
          <ScorecardTile key={`${scorecard.blueprint} ${scorecard.identifier}`} scorecard={scorecard} />
        ))}
      </ul>
      <Modal opened={starters === true && all.length > 0} onClose={() => turn(false)} title="Starters" size="lg">
        <Starters />
      </Modal>
    </Frame>
  );
}

function NewButton({ mayCreate, onClick }: { mayCreate: Scorecards['mayCreate'] | undefined; onClick: () => void }) {
  return (
    <Explained why={whyNot(mayCreate)}>
      <Button onClick={onClick}>New scorecard…</Button>
    </Explained>
  );
}
