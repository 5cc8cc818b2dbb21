import { useMemo } from 'react';
import type { RunRow } from '~/api/runs';
import { DataTable, type DataColumn } from '~/kit/DataTable';
import { Time } from '~/kit/Time';
import { between } from '~/lib/duration';
import { keyOfRun, RunLink, RunTarget, starterOf } from './RunLink';
import { RunState } from './RunState';

const columns: DataColumn<RunRow>[] = [
  { id: 'status', header: 'Status', cell: (run) => <RunState run={run} /> },
  { id: 'of', header: 'Action', wide: true, cell: (run) => <RunLink run={run} /> },
  { id: 'waits', header: 'Asks', wide: true, cell: ({ waits }) => (waits?.kind === 'input' ? waits.title : 'Approval') },
  { id: 'target', header: 'Entity', cell: (run) => <RunTarget run={run} /> },
  { id: 'starter', header: 'Started by', cell: (run) => starterOf(run) },
  { id: 'created', header: 'Started', cell: (run) => <Time iso={run.createdAt} /> },
  { id: 'took', header: 'Took', align: 'right', cell: (run) => (run.endedAt ? between(run.createdAt, run.endedAt) : '') },
];

interface RunsTableProps {
  label: string;
  runs: RunRow[];
  /** Columns that would say the same in every row. */
  without?: string[];
  waiting?: boolean;
  busy?: boolean;
}

export function RunsTable({ label, runs, without, waiting, busy }: RunsTableProps) {
  const key = without?.join(' ') ?? '';
  // what is asked is said where anything else than an approval is
  const asks = runs.some(({ waits }) => waits?.kind === 'input');
  const shown = useMemo(() => columns.filter(({ id }) => !key.split(' ').includes(id) && (asks || id !== 'waits')), [key, asks]);
  return <DataTable natural label={label} columns={shown} rows={runs} rowId={keyOfRun} waiting={waiting} busy={busy} />;
}
