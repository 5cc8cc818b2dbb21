import { Button } from '@mantine/core';
import { IconLayoutList } from '@tabler/icons-react';
import { useSuspenseQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { homeQuery, type Home } from '~/api/home';
import { nameOf } from '~/api/session';
import { Page } from '~/kit/Page';
import { count } from '~/lib/text';
import { useDocumentTitle } from '~/parts/model';
import { useOpenSession } from '~/parts/session';
import { useExamples } from './examples/useExamples';
import classes from './home.module.css';
import { arrange, type Arranged } from './sections';
import { OwnTable } from './OwnTable';

// most people look at the page, and few arrange it
const FirstSteps = lazy(() => import('./FirstSteps').then((module) => ({ default: module.FirstSteps })));
const ExamplesWindow = lazy(() => import('./examples/ExamplesWindow').then((module) => ({ default: module.ExamplesWindow })));
const ArrangeWindow = lazy(() => import('./ArrangeWindow').then((module) => ({ default: module.ArrangeWindow })));

/** What concerns the reader: what his teams own, what is wrong with it, what changed, where he was. */
export function HomePage() {
  const { data: home } = useSuspenseQuery(homeQuery);
  const session = useOpenSession();
  const documentTitle = useDocumentTitle();
  const { arrange: arranging, examples } = useSearch({ from: '/_in/' });
  const own = useExamples();
  const navigate = useNavigate();
  const turn = (open: boolean) => void navigate({ to: '/', search: { arrange: open || undefined }, replace: true });
  const title = session.organization ?? session.title;
  const window = examples && (
    <Suspense fallback={null}>
      <ExamplesWindow onClose={() => void navigate({ to: '/', search: {}, replace: true })} />
    </Suspense>
  );
  if (home.steps.entities === 0) {
    return (
      <Suspense fallback={null}>
        <FirstSteps documentTitle={documentTitle} title={title} steps={home.steps} />
        {window}
      </Suspense>
    );
  }
  const arranged = arrange(home, own);
  const shown = arranged.filter(({ hidden }) => !hidden);
  const [wide, narrow] = [shown.filter(({ entry }) => !entry?.narrow), shown.filter(({ entry }) => entry?.narrow)];
  const hidden = arranged.length - shown.length;
  return (
    <Page
      documentTitle={documentTitle}
      title={title}
      subtitle={subtitle(home, nameOf(session.viewer))}
      actions={
        <Button variant="default" leftSection={<IconLayoutList size={14} stroke={1.6} aria-hidden />} onClick={() => turn(true)}>
          Arrange
        </Button>
      }
    >
      <div className={classes.columns} data-single={wide.length === 0 || narrow.length === 0 || undefined}>
        {[wide, narrow].map(
          (column, i) =>
            column.length > 0 && (
              <div key={i}>
                {column.map((section) => (
                  <One key={section.id} section={section} home={home} />
                ))}
              </div>
            ),
        )}
      </div>
      {hidden > 0 && (
        <p className={classes.line}>
          {count(hidden, 'section')} hidden.{' '}
          <button type="button" className={classes.plain} onClick={() => turn(true)}>
            Arrange the page
          </button>
        </p>
      )}
      {window}
      {arranging && (
        <Suspense fallback={null}>
          <ArrangeWindow arranged={arranged} onClose={() => turn(false)} />
        </Suspense>
      )}
    </Page>
  );
}

function One({ section: { id, title, entry }, home }: { section: Arranged; home: Home }) {
  if (entry) return <entry.component home={home} />;
  return <OwnTable title={title} own={home.tables.find((table) => table.id === id)} />;
}

function subtitle({ teams, steps, sources }: Home, name: string): string {
  const all = `${count(steps.entities, 'entity', 'entities')} from ${count(sources, 'source')}`;
  return [name, teams.length > 0 ? teams.join(', ') : undefined, all].filter(Boolean).join(' · ');
}
