import type { Budget } from '~/api/types';
import { DataTable, type DataColumn } from '~/kit/DataTable';
import { Section } from '~/kit/Page';
import { Time } from '~/kit/Time';
import { formatNumber } from '~/lib/text';

const columns: DataColumn<Budget>[] = [
  { id: 'host', header: 'Host', wide: true, cell: ({ host }) => host },
  { id: 'left', header: 'Requests left', align: 'right', cell: (budget) => <Left budget={budget} /> },
  { id: 'reset', header: 'All again', cell: ({ resetAt }) => (resetAt ? <Time iso={resetAt} /> : null) },
  { id: 'sent', header: 'Sent', align: 'right', cell: ({ sent }) => formatNumber(sent) },
  { id: 'unchanged', header: 'Nothing new', align: 'right', cell: ({ unchanged }) => formatNumber(unchanged) },
  { id: 'heldBack', header: 'Held back', align: 'right', cell: ({ heldBack }) => formatNumber(heldBack) },
];

/** What code hosts allow, and what is left of it. */
export function Budgets({ budgets }: { budgets: Budget[] }) {
  if (budgets.length === 0) return null;
  return (
    <Section title="Limits of hosts" aside="The rest of a limit is kept for people who wait, then for what a host tells by itself.">
      <DataTable natural label="Limits of hosts" columns={columns} rows={budgets} rowId={({ host }) => host} />
    </Section>
  );
}

function Left({ budget: { limit, remaining, blockedUntil } }: { budget: Budget }) {
  if (blockedUntil) {
    return (
      <>
        none until <Time iso={blockedUntil} />
      </>
    );
  }
  if (remaining === null || remaining === undefined) return <span className="sd-dim">not said</span>;
  return <>{limit ? `${formatNumber(remaining)} of ${formatNumber(limit)}` : formatNumber(remaining)}</>;
}
