import type { Blueprint, EntityResult } from '~/api/types';
import { Empty, Section } from '~/kit/Page';
import { InvalidJq } from '~/parts/DerivedMark';
import { PropertyValue } from '~/parts/PropertyValue';
import classes from './entity.module.css';
import { RelationGroups } from './RelationGroups';
import { groupProperties, type Shown } from './properties';
import { Provenance } from './Provenance';
import { WideProperty } from './WideProperty';

interface OverviewProps {
  data: EntityResult;
  blueprint: Blueprint | undefined;
}

/** What the entity says, and what it is related to. */
export function Overview({ data, blueprint }: OverviewProps) {
  const { short, derived, wide, unset } = groupProperties(data.entity.properties, blueprint);
  return (
    <div className={classes.columns}>
      <div className={classes.main}>
        <Section title="Properties">
          <Grid list={short} data={data} />
          {short.length + wide.length + derived.length === 0 && <Empty title="No property has a value." />}
          {unset.length > 0 && <p className={classes.unset}>Without a value: {unset.join(', ')}</p>}
        </Section>
        {derived.length > 0 && (
          <Section title="Computed">
            <Grid list={derived} data={data} />
          </Section>
        )}
        {wide.map((shown) => (
          <WideProperty key={shown.key} shown={shown} data={data} />
        ))}
      </div>
      <div className={classes.side}>
        <RelationGroups data={data} blueprint={blueprint} />
      </div>
    </div>
  );
}

function Grid({ list, data }: { list: Shown[]; data: EntityResult }) {
  if (list.length === 0) return null;
  return (
    <dl className={classes.grid}>
      {list.map((shown) => (
        <ShortProperty key={shown.key} shown={shown} data={data} />
      ))}
    </dl>
  );
}

function ShortProperty({ shown, data }: { shown: Shown; data: EntityResult }) {
  const { key, title, value, definition } = shown;
  const derived = definition?.derived;
  const problem = derived?.problem ?? data.derivedProblems[key];
  return (
    <div className={classes.pair}>
      <dt title={definition?.description ?? (definition ? key : 'not declared by the blueprint')}>
        {title}
        {!definition && <span aria-label="(not declared by the blueprint)"> *</span>}{' '}
        <Provenance name={title} origin={data.fields[`properties.${key}`]} source={data.source} derived={derived} problem={problem} />
      </dt>
      <dd>{problem ? <InvalidJq message={problem} /> : <PropertyValue value={value} definition={definition} />}</dd>
    </div>
  );
}
