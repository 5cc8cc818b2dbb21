import { lazy, Suspense } from 'react';
import type { EntityResult } from '~/api/types';
import { Section, Waiting } from '~/kit/Page';
import { PropertyValue } from '~/parts/PropertyValue';
import { viewerOf } from '~/parts/viewer';
import classes from './entity.module.css';
import type { Shown } from './properties';
import { Provenance } from './Provenance';

const Viewer = lazy(() => import('~/parts/Viewer'));

/** A property that needs the whole width: text, objects, API definitions, embedded pages. */
export function WideProperty({ shown, data }: { shown: Shown; data: EntityResult }) {
  const { key, title, value, definition } = shown;
  const viewer = viewerOf(key, value, definition, data.entity.properties.type);
  return (
    <Section
      title={
        <>
          {title} <Provenance name={title} origin={data.fields[`properties.${key}`]} source={data.source} derived={definition?.derived} problem={data.derivedProblems[key]} />
        </>
      }
      aside={definition ? undefined : 'not declared by the blueprint'}
    >
      <div className={classes.wide}>
        {viewer ? (
          <Suspense fallback={<Waiting lines={6} />}>
            <Viewer kind={viewer} value={value} label={title} />
          </Suspense>
        ) : (
          <PropertyValue value={value} definition={definition} />
        )}
      </div>
    </Section>
  );
}
