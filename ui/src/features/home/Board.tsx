import { lazy, Suspense } from 'react';
import type { Home } from '~/api/home';
import type { PageData } from '~/api/pages';
import { Section, Waiting } from '~/kit/Page';

const Widgets = lazy(() => import('~/widgets/PageView').then((module) => ({ default: module.Widgets })));

/** What administrators have put onto the page `$home`, for everybody. */
export function Board({ home }: { home: Home }) {
  const board = home.board as unknown as PageData | null | undefined;
  if (!board?.page) return null;
  return (
    <Section title="Dashboard">
      <Suspense fallback={<Waiting lines={6} />}>
        <Widgets widgets={board.page.widgets} data={board.widgets} />
      </Suspense>
    </Section>
  );
}
