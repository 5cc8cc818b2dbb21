import { Popover } from '@mantine/core';
import { IconArrowsJoin, IconFileText, IconMathFunction, IconPencil } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import type { Derivation, EntityResult } from '~/api/types';
import { Mono } from '~/kit/Mono';
import { StateMark } from '~/kit/StateMark';
import { Time } from '~/kit/Time';
import { formatNumber } from '~/lib/text';
import { EntityLinks } from '~/parts/EntityLink';
import classes from './entity.module.css';
import { Place } from './Place';

type Origin = EntityResult['fields'][string];

interface ProvenanceProps {
  /** What the field is called. */
  name: string;
  origin: Origin | undefined;
  source: EntityResult['source'];
  derived?: Derivation;
  problem?: string;
}

const marks = { source: IconFileText, document: IconFileText, contributor: IconPencil, entities: IconArrowsJoin };

/** A quiet mark beside a field; it says where the value comes from. */
export function Provenance({ name, origin, source, derived, problem }: ProvenanceProps) {
  if (!origin && !derived) return null;
  const Icon = derived ? IconMathFunction : (marks[origin?.by as keyof typeof marks] ?? IconPencil);
  return (
    <Popover width={340} position="bottom-start" withinPortal trapFocus returnFocus>
      <Popover.Target>
        <button type="button" className={classes.mark} aria-label={`Where ${name} comes from`} data-problem={problem ? true : undefined}>
          <Icon size={12} stroke={1.7} aria-hidden />
        </button>
      </Popover.Target>
      <Popover.Dropdown className={classes.popover} aria-label={`Where ${name} comes from`}>
        {derived ? <DerivedFrom derived={derived} problem={problem} /> : origin && <StatedBy origin={origin} source={source} />}
      </Popover.Dropdown>
    </Popover>
  );
}

function StatedBy({ origin, source }: { origin: Origin; source: EntityResult['source'] }) {
  const { by, at, actor, through, agent, exact, entities = [], total } = origin;
  if (by === 'entities') {
    return (
      <Lines title={`Stated by ${formatNumber(total ?? 0)} other ${total === 1 ? 'entity' : 'entities'}`}>
        <div>
          <EntityLinks links={entities} max={3} inline />
          {(total ?? 0) > entities.length && ` and ${formatNumber((total ?? 0) - entities.length)} more`}
        </div>
        <div className="sd-dim">It changes where they say it.</div>
      </Lines>
    );
  }
  return (
    <Lines title={by === 'source' ? 'Stated by a source' : by === 'document' ? 'From a document that was handed over' : `Set ${through === 'source' ? 'by a source' : 'through the API'}`}>
      {by === 'source' && origin.file && (
        <div>
          <Place target={origin.file} line={origin.line} />
        </div>
      )}
      {by === 'source' && source?.state && (
        <div>
          <StateMark state={source.state} />
          {source.lastSeen && (
            <span className="sd-dim">
              , last seen <Time iso={source.lastSeen} />
            </span>
          )}
        </div>
      )}
      {actor && by !== 'source' && <div>by {actor}</div>}
      {agent && (
        <div>
          with <Mono wrap>{agent}</Mono>
        </div>
      )}
      {at && (
        <div className="sd-dim">
          {exact ? 'has this value since' : 'has had this value since before'} <Time iso={at} />
        </div>
      )}
      {by === 'source' && <div className="sd-dim">It can only be changed there.</div>}
    </Lines>
  );
}

function DerivedFrom({ derived: { kind, from }, problem }: { derived: Derivation; problem: string | undefined }) {
  const title = { mirror: 'Shown from a related entity', calculation: 'Computed by JQ', aggregation: 'Computed over related entities' }[kind];
  return (
    <Lines title={title}>
      <pre className={classes.formula} tabIndex={0}>
        {from}
      </pre>
      {problem && <div className={classes.bad}>{problem}</div>}
      <div className="sd-dim">It is computed when it is read; it is never out of date.</div>
    </Lines>
  );
}

function Lines({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className={classes.lines}>
      <strong>{title}</strong>
      {children}
    </div>
  );
}
