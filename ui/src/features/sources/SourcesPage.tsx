import { Button, Modal } from '@mantine/core';
import { useSuspenseQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { sourcesQuery } from '~/api/queries';
import type { Source } from '~/api/types';
import { DataTable, type DataColumn } from '~/kit/DataTable';
import { Mono } from '~/kit/Mono';
import { Empty, Page, Section } from '~/kit/Page';
import { ProblemLine } from '~/kit/Problem';
import { StateMark } from '~/kit/StateMark';
import { Time } from '~/kit/Time';
import { absoluteTime } from '~/lib/dates';
import { count, formatNumber } from '~/lib/text';
import { Allowed } from '~/parts/Allowed';
import { useDocumentTitle } from '~/parts/model';
import { Budgets } from './Budgets';
import { ConfirmLoss } from './ConfirmLoss';
import { RegisterLocation } from './RegisterLocation';
import { Removals } from './Removals';
import { SourceActions } from './SourceActions';
import classes from './sources.module.css';

const columns: DataColumn<Source>[] = [
  { id: 'target', header: 'Target', wide: true, cell: (source) => <Target source={source} /> },
  { id: 'type', header: 'Type', cell: (source) => source.type },
  { id: 'state', header: 'State', cell: (source) => <StateMark state={source.state} /> },
  { id: 'entities', header: 'Entities', align: 'right', cell: (source) => formatNumber(source.entities) },
  { id: 'problems', header: 'Problems', align: 'right', cell: (source) => quietZero(source.problems.length) },
  { id: 'conflicts', header: 'Conflicts', align: 'right', cell: (source) => quietZero(source.conflicts.length) },
  { id: 'lastRun', header: 'Last read', cell: (source) => <LastRead source={source} /> },
  { id: 'does', header: 'Change', cell: (source) => <SourceActions source={source} /> },
];

/** Whatever supplies entities, and what is wrong with it. */
export function SourcesPage() {
  const { data } = useSuspenseQuery(sourcesQuery);
  const { sources, budgets } = data;
  const [registering, setRegistering] = useState(false);
  const documentTitle = useDocumentTitle('Sources');
  const entities = sources.reduce((sum, source) => sum + source.entities, 0);
  const bad = sources.filter(needsAttention);
  return (
    <Page
      documentTitle={documentTitle}
      title="Sources"
      subtitle={`${count(entities, 'entity', 'entities')} from ${count(sources.length, 'source')}`}
      actions={
        <Allowed action="RegisterLocation">
          <Button onClick={() => setRegistering(true)}>Register an address…</Button>
        </Allowed>
      }
    >
      {sources.length === 0 ? (
        <Empty title="There is no source yet.">
          Register the address of a <code>catalog-info.yaml</code>, or list files, addresses and <code>catalog.providers</code> in{' '}
          <code>app-config.yaml</code> and restart the server.
        </Empty>
      ) : (
        <DataTable natural label="Sources" columns={columns} rows={sources} rowId={(source) => source.id} />
      )}
      {bad.map((source) => (
        <SourceProblems key={source.id} source={source} />
      ))}
      <Budgets budgets={budgets} />
      <Removals />
      <Modal opened={registering} onClose={() => setRegistering(false)} title="Register an address">
        {registering && <RegisterLocation onDone={() => setRegistering(false)} />}
      </Modal>
    </Page>
  );
}

function Target({ source }: { source: Source }) {
  const target = <Mono>{source.target}</Mono>;
  const marked = needsAttention(source);
  return (
    <span title={source.target}>
      {marked ? (
        <Link className={classes.jump} to="/sources" hash={source.id}>
          {target}
        </Link>
      ) : (
        target
      )}
    </span>
  );
}

function LastRead({ source: { lastRun, running, schedule, nextRun } }: { source: Source }) {
  if (running) return <>being read</>;
  return (
    <span title={nextRun ? `${schedule}, next ${absoluteTime(nextRun)}` : schedule}>
      {lastRun ? <Time iso={lastRun} /> : <span className="sd-dim">never</span>}
    </span>
  );
}

function SourceProblems({ source }: { source: Source }) {
  return (
    <div id={source.id} className={classes.problems}>
      <Section title={<Mono wrap>{source.target}</Mono>} aside={<StateMark state={source.state} />}>
        {source.reason && <ProblemLine level="warning" message={source.reason} />}
        {source.state === 'held' && <ConfirmLoss id={source.id} />}
        {source.problems.map((problem, i) => (
          <ProblemLine key={i} {...problem}>
            {problem.ref && <Mono wrap>{problem.ref}</Mono>}
          </ProblemLine>
        ))}
        {source.conflicts.map((conflict) => (
          <ProblemLine key={`${conflict.ref} ${conflict.claimer}`} level="warning" message={`${conflict.ref} is claimed twice`}>
            kept by <Mono wrap>{conflict.holder}</Mono>, also claimed by <Mono wrap>{conflict.claimer}</Mono>
          </ProblemLine>
        ))}
      </Section>
    </div>
  );
}

const needsAttention = ({ problems, conflicts, reason, state }: Source) =>
  problems.length > 0 || conflicts.length > 0 || Boolean(reason) || state === 'held';

const quietZero = (n: number) => (n === 0 ? <span className="sd-dim">0</span> : <span className={classes.bad}>{formatNumber(n)}</span>);
