import type { ReactNode } from 'react';
import type { EntityResult } from '~/api/types';
import { Mono } from '~/kit/Mono';
import { Section } from '~/kit/Page';
import { ProblemLine } from '~/kit/Problem';
import { StateMark } from '~/kit/StateMark';
import { Time } from '~/kit/Time';
import { safeHref } from '~/lib/urls';
import { ExternalLink } from '~/parts/ExternalLink';
import classes from './entity.module.css';

/** Where the entity comes from, and what is wrong with it. */
export function SourceTab({ data }: { data: EntityResult }) {
  const { source, entity, problems } = data;
  return (
    <>
      <Section title="Where it comes from">
        <dl className={classes.list}>
          {source ? (
            <>
              <Fact name="Supplied by">{source.kind === 'api' ? 'the API' : source.kind}</Fact>
              <Fact name="Target">{place(source.target)}</Fact>
              {source.file && (
                <Fact name="File">
                  {place(source.file)}
                  {source.line !== null && `, line ${source.line}`}
                </Fact>
              )}
              {source.kind !== 'api' && (
                <Fact name="State">
                  <StateMark state={source.state} />
                </Fact>
              )}
              {source.lastSeen && (
                <Fact name="Last seen">
                  <Time iso={source.lastSeen} />
                </Fact>
              )}
            </>
          ) : (
            <Fact name="Supplied by">nothing that is recorded</Fact>
          )}
          <Fact name="Created">
            <Time iso={entity.createdAt} /> {entity.createdBy && `by ${entity.createdBy}`}
          </Fact>
          <Fact name="Changed">
            <Time iso={entity.updatedAt} /> {entity.updatedBy && `by ${entity.updatedBy}`}
          </Fact>
          {entity.uid && (
            <Fact name="Uid">
              <Mono wrap>{entity.uid}</Mono>
            </Fact>
          )}
        </dl>
      </Section>
      <Section title="Problems">
        {problems.map((problem, i) => (
          <ProblemLine key={i} {...problem} />
        ))}
        {problems.length === 0 && <p className={classes.unset}>None.</p>}
      </Section>
    </>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

function place(target: string): ReactNode {
  return safeHref(target) ? <ExternalLink url={target} /> : <Mono wrap>{target.replace(/^file:(\/\/)?/, '')}</Mono>;
}
