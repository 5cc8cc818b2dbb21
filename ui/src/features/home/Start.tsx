import { lazy, Suspense } from 'react';
import type { Home } from '~/api/home';
import { Section } from '~/kit/Page';
import { useWhyNot } from '~/parts/session';

const Steps = lazy(() => import('./FirstSteps').then((module) => ({ default: module.Steps })));

/** What is left of the first steps, for whoever can take them. */
export function Start({ home: { steps } }: { home: Home }) {
  const reason = useWhyNot('CreateBlueprint');
  if (reason) return null;
  return (
    <Section title="First steps">
      <Suspense fallback={null}>
        <Steps state={steps} quiet />
      </Suspense>
    </Section>
  );
}
