import { Button, Modal, Select } from '@mantine/core';
import { useSuspenseQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { sourcesQuery } from '~/api/queries';
import type { Source } from '~/api/types';
import { DataTable, type DataColumn } from '~/kit/DataTable';
import { Mono } from '~/kit/Mono';
import { Empty, Page } from '~/kit/Page';
import { SearchField } from '~/kit/SearchField';
import { StateMark } from '~/kit/StateMark';
import { Time } from '~/kit/Time';
import { count, formatNumber } from '~/lib/text';
import { Allowed } from '~/parts/Allowed';
import { useDocumentTitle } from '~/parts/model';
import { Budgets } from './Budgets';
import { Conflict } from './Conflict';
import { RegisterLocation } from './RegisterLocation';
import { Removals } from './Removals';
import type { ShownState, SourcesSearch } from './search';
import { SourceActions } from './SourceActions';
import { SourceProblems } from './SourceProblems';
import classes from './sources.module.css';

const route = getRouteApi('/_in/sources');

const columns: DataColumn<Source>[] = [
  { id: 'target', header: 'Target', wide: true, cell: (source) => <Target source={source} /> },
  { id: 'type', header: 'Type', cell: (source) => source.type },
  { id: 'state', header: 'State', cell: (source) => <StateMark state={stateOf(source)} /> },
  { id: 'entities', header: 'Entities', align: 'right', cell: (source) => formatNumber(source.entities) },
  { id: 'problems', header: 'Problems', align: 'right', cell: (source) => quietZero(source.problems.length) },
  { id: 'conflicts', header: 'Conflicts', align: 'right', cell: (source) => quietZero(source.conflicts.length) },
  { id: 'lastRun', header: 'Last read', cell: (source) => <LastRead source={source} /> },
  { id: 'schedule', header: 'Read', cell: (source) => <Schedule source={source} /> },
  { id: 'does', header: 'Change', cell: (source) => <SourceActions source={source} /> },
];

const states: { value: ShownState; label: string; is: (source: Source) => boolean }[] = [
  { value: 'errors', label: 'With problems', is: ({ problems }) => problems.length > 0 },
  { value: 'conflict', label: 'With conflicts', is: ({ conflicts }) => conflicts.length > 0 },
  { value: 'fresh', label: 'Fresh', is: ({ state }) => state === 'fresh' },
  { value: 'stale', label: 'Stale', is: ({ state }) => state === 'stale' },
  { value: 'gone', label: 'Gone', is: ({ state }) => state === 'gone' },
  { value: 'held', label: 'Held', is: ({ state }) => state === 'held' },
  { value: 'unread', label: 'Not read yet', is: ({ state }) => state === null || state === undefined },
];

/** Whatever supplies entities, and what is wrong with it. */
export function SourcesPage() {
  const { data } = useSuspenseQuery(sourcesQuery);
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const put = (patch: SourcesSearch) => void navigate({ search: (old) => ({ ...old, ...patch }), replace: true });
  const { sources, budgets } = data;
  const documentTitle = useDocumentTitle('Sources');
  const entities = sources.reduce((sum, source) => sum + source.entities, 0);
  const shown = sources.filter((source) => matches(source, search));
  const hidden = sources.length - shown.length;
  const options = states.map(({ value, label, is }) => ({ value, label: `${label} (${sources.filter(is).length})` }));
  return (
    <Page
      documentTitle={documentTitle}
      title="Sources"
      subtitle={`${count(entities, 'entity', 'entities')} from ${count(sources.length, 'source')}${hidden > 0 ? `, ${hidden} hidden by the filter` : ''}`}
      actions={
        <>
          {sources.length > 0 && (
            <>
              <SearchField label="Find a source" value={search.q ?? ''} onChange={(q) => put({ q: q || undefined })} />
              <Select aria-label="State" placeholder="Any state" data={options} value={search.state ?? null} onChange={(state) => put({ state: (state as ShownState | null) ?? undefined })} clearable w={170} />
            </>
          )}
          <Allowed action="RegisterLocation">
            <Button onClick={() => put({ register: true })}>Register an address…</Button>
          </Allowed>
        </>
      }
    >
      {sources.length === 0 ? (
        <Empty title="There is no source yet.">
          Register the address of a <code>catalog-info.yaml</code> in a repository. Folders of the server, and <code>catalog.providers</code> that find
          repositories by themselves, are listed in <code>app-config.yaml</code>; restart the server then. What is on your own computer goes in under{' '}
          <Link to="/documents">Add documents</Link>.
        </Empty>
      ) : shown.length === 0 ? (
        <Empty title="No source matches.">
          <Button variant="default" onClick={() => put({ q: undefined, state: undefined })}>
            Show all
          </Button>
        </Empty>
      ) : (
        <DataTable natural label="Sources" columns={columns} rows={shown} rowId={(source) => source.id} />
      )}
      {shown.filter(needsAttention).map((source) => (
        <SourceProblems key={source.id} source={source} onConflict={(conflict) => put({ conflict })} />
      ))}
      <Budgets budgets={budgets} />
      <Removals />
      <Modal opened={search.register === true} onClose={() => put({ register: undefined })} title="Register an address" size="lg">
        {search.register === true && <RegisterLocation onDone={() => put({ register: undefined })} />}
      </Modal>
      <Modal opened={search.conflict !== undefined} onClose={() => put({ conflict: undefined })} title="One name, two sources" size="min(1080px, 94vw)">
        {search.conflict !== undefined && <Conflict reference={search.conflict} />}
      </Modal>
    </Page>
  );
}

function matches(source: Source, { q, state }: SourcesSearch): boolean {
  const text = `${source.id} ${source.target} ${source.type}`.toLowerCase();
  return (!q || text.includes(q.toLowerCase())) && (!state || states.some(({ value, is }) => value === state && is(source)));
}

/** What it says is in the catalog, but for what another source says already. */
const stateOf = ({ state, conflicts }: Source) => (state === 'fresh' && conflicts.length > 0 ? 'conflict' : state);

function Target({ source }: { source: Source }) {
  const target = <Mono>{source.target}</Mono>;
  return (
    <span title={source.target}>
      {needsAttention(source) ? (
        <Link className={classes.jump} to="/sources" search={(old) => old} hash={source.id}>
          {target}
        </Link>
      ) : (
        target
      )}
    </span>
  );
}

function LastRead({ source: { lastRun, running } }: { source: Source }) {
  if (running) return <>being read</>;
  return lastRun ? <Time iso={lastRun} /> : <span className="sd-dim">never</span>;
}

function Schedule({ source: { schedule, nextRun } }: { source: Source }) {
  return (
    <>
      {schedule}
      {nextRun && (
        <span className="sd-dim">
          , next <Time iso={nextRun} />
        </span>
      )}
    </>
  );
}

const needsAttention = ({ problems, conflicts, reason, state }: Source) =>
  problems.length > 0 || conflicts.length > 0 || Boolean(reason) || state === 'held';

const quietZero = (n: number) => (n === 0 ? <span className="sd-dim">0</span> : <span className={classes.bad}>{formatNumber(n)}</span>);
