import { Button } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { auditPage, type AuditEvent, type AuditFilters } from '~/api/audit';
import { toCsv } from '~/lib/csv';
import { save } from '~/lib/save';
import { formatNumber } from '~/lib/text';
import { Allowed } from '~/parts/Allowed';
import { header, rowOf } from './words';

const batch = 500;

/** Saves every line that the filters let through, however far back. */
export function ExportLog({ filters }: { filters: AuditFilters }) {
  const [done, setDone] = useState(0);
  const { mutate, isPending, isError } = useMutation({
    mutationFn: async () => save('audit-log.csv', toCsv(header, (await all(filters, setDone)).map(rowOf))),
    onSettled: () => setDone(0),
  });
  return (
    <Allowed action="ReadAuditLog">
      <Button variant="default" leftSection={<IconDownload size={14} aria-hidden />} onClick={() => !isPending && mutate()}>
        <span role={isPending || isError ? 'status' : undefined}>{isPending ? `${formatNumber(done)} lines…` : isError ? 'Export failed' : 'CSV'}</span>
      </Button>
    </Allowed>
  );
}

async function all(filters: AuditFilters, onProgress: (done: number) => void): Promise<AuditEvent[]> {
  const events: AuditEvent[] = [];
  let cursor: string | undefined;
  do {
    const page = await auditPage(filters, cursor, batch);
    events.push(...page.events);
    onProgress(events.length);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return events;
}
