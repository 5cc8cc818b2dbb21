import type { Blueprint, EntityResult } from '~/api/types';
import { Empty, Section } from '~/kit/Page';
import { ProblemLine } from '~/kit/Problem';
import { Time } from '~/kit/Time';
import { DerivedMark, InvalidJq } from '~/parts/DerivedMark';
import { PropertyValue } from '~/parts/PropertyValue';
import classes from './entity.module.css';
import { Incoming, Outgoing } from './Links';
import { groupProperties, type Shown } from './properties';
import { WideProperty } from './WideProperty';

interface OverviewProps {
  data: EntityResult;
  blueprint: Blueprint | undefined;
}

export function Overview({ data, blueprint }: OverviewProps) {
  const { short, wide, unset } = groupProperties(data.entity.properties, blueprint);
  return (
    <div className={classes.columns}>
      <div className={classes.main}>
        {data.problems.length > 0 && (
          <Section title="Problems">
            {data.problems.map((problem, i) => (
              <ProblemLine key={i} {...problem} />
            ))}
          </Section>
        )}
        <Section
          title="Properties"
          aside={
            <>
              changed <Time iso={data.entity.updatedAt} />
            </>
          }
        >
          {short.length > 0 && (
            <dl className={classes.grid}>
              {short.map((shown) => (
                <ShortProperty key={shown.key} shown={shown} />
              ))}
            </dl>
          )}
          {short.length + wide.length === 0 && <Empty title="No property has a value." />}
          {unset.length > 0 && <p className={classes.unset}>Without a value: {unset.join(', ')}</p>}
        </Section>
        {wide.map((shown) => (
          <WideProperty key={shown.key} shown={shown} />
        ))}
      </div>
      <div className={classes.side}>
        <Outgoing entity={data.entity} blueprint={blueprint} />
        <Incoming data={data} />
      </div>
    </div>
  );
}

function ShortProperty({ shown }: { shown: Shown }) {
  const derived = shown.definition?.derived;
  return (
    <div className={classes.pair}>
      <dt title={shown.definition?.description ?? (shown.definition ? shown.key : 'not declared by the blueprint')}>
        {shown.title}
        {!shown.definition && <span aria-label="(not declared by the blueprint)"> *</span>}
        {derived && (
          <>
            {' '}
            <DerivedMark derived={derived} />
          </>
        )}
      </dt>
      <dd>
        {derived?.problem ? <InvalidJq message={derived.problem} /> : <PropertyValue value={shown.value} definition={shown.definition} />}
      </dd>
    </div>
  );
}
