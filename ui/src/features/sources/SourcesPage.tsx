import { useSuspenseQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { sourcesQuery } from '~/api/queries';
import type { Source } from '~/api/types';
import { DataTable, type DataColumn } from '~/kit/DataTable';
import { Mono } from '~/kit/Mono';
import { Empty, Page, Section } from '~/kit/Page';
import { ProblemLine } from '~/kit/Problem';
import { StateMark } from '~/kit/StateMark';
import { Time } from '~/kit/Time';
import { count, formatNumber } from '~/lib/text';
import { useDocumentTitle } from '~/parts/model';
import { ConfirmLoss } from './ConfirmLoss';
import classes from './sources.module.css';

const columns: DataColumn<Source>[] = [
  { id: 'target', header: 'Target', wide: true, cell: (source) => <Target source={source} /> },
  { id: 'type', header: 'Type', cell: (source) => source.type },
  { id: 'state', header: 'State', cell: (source) => <StateMark state={source.state} /> },
  { id: 'entities', header: 'Entities', align: 'right', cell: (source) => formatNumber(source.entities) },
  { id: 'problems', header: 'Problems', align: 'right', cell: (source) => quietZero(source.problems.length) },
  { id: 'conflicts', header: 'Conflicts', align: 'right', cell: (source) => quietZero(source.conflicts.length) },
  { id: 'lastRun', header: 'Last run', cell: (source) => (source.lastRun ? <Time iso={source.lastRun} /> : <span className="sd-dim">never</span>) },
];

/** Whatever supplies entities, and what is wrong with it. */
export function SourcesPage() {
  const { data } = useSuspenseQuery(sourcesQuery);
  const { sources } = data;
  const documentTitle = useDocumentTitle('Sources');
  const entities = sources.reduce((sum, source) => sum + source.entities, 0);
  const bad = sources.filter(needsAttention);
  return (
    <Page
      documentTitle={documentTitle}
      title="Sources"
      subtitle={`${count(entities, 'entity', 'entities')} from ${count(sources.length, 'source')}`}
    >
      {sources.length === 0 ? (
        <Empty title="No source is configured.">
          List files or addresses under <code>catalog.locations</code> in <code>app-config.yaml</code>, and restart the server.
        </Empty>
      ) : (
        <DataTable natural label="Sources" columns={columns} rows={sources} rowId={(source) => source.id} />
      )}
      {bad.map((source) => (
        <SourceProblems key={source.id} source={source} />
      ))}
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
