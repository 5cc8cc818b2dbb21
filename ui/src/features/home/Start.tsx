import { lazy, Suspense } from 'react';
import type { Home } from '~/api/home';
import { Section } from '~/kit/Page';
import { useWhyNot } from '~/parts/session';
import classes from './home.module.css';
import { stepsFor } from './steps';

const Steps = lazy(() => import('./FirstSteps').then((module) => ({ default: module.Steps })));

/** Of a closed step: what comes after them stays where it is when they come. */
const lineHeight = 47;

/** What is left of the first steps, for whoever can take them. */
export function Start({ home: { steps } }: { home: Home }) {
  const reason = useWhyNot('CreateBlueprint');
  if (reason) return null;
  return (
    <Section title="First steps">
      <Suspense fallback={<ol className={classes.steps} style={{ minHeight: stepsFor(steps).length * lineHeight }} aria-busy />}>
        <Steps state={steps} quiet />
      </Suspense>
    </Section>
  );
}
