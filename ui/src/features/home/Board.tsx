import { lazy, Suspense } from 'react';
import { Section, Waiting } from '~/kit/Page';

const PageView = lazy(() => import('~/widgets/PageView').then((module) => ({ default: module.PageView })));

/** What administrators have put onto the page `$home`, for everybody. */
export function Board() {
  return (
    <Section title="Dashboard">
      <Suspense fallback={<Waiting lines={6} />}>
        <PageView ask={{ page: '$home' }} />
      </Suspense>
    </Section>
  );
}
