import { IconDownload } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { client, unwrap } from '~/api/client';
import type { Blueprint, Row, TableRequest } from '~/api/types';
import { toCsv } from '~/lib/csv';
import { save } from '~/lib/save';
import { formatNumber } from '~/lib/text';
import { useState } from 'react';
import classes from './catalog.module.css';
import { fieldText, type Field } from './fields';

interface ExportButtonProps {
  blueprint: Blueprint;
  fields: Field[];
  request: TableRequest;
  total: number;
}

const batch = 500;

/** Saves all rows of the current query, not only those on screen. */
export function ExportButton({ blueprint, fields, request, total }: ExportButtonProps) {
  const [done, setDone] = useState(0);
  const { mutate, isPending, isError } = useMutation({
    mutationFn: async () => save(`${blueprint.identifier}.csv`, asCsv(fields, await allRows(request, setDone))),
    onSettled: () => setDone(0),
  });
  const progress = `${formatNumber(done)} of ${formatNumber(total)}`;
  return (
    <button
      type="button"
      className={classes.tool}
      disabled={isPending || total === 0}
      onClick={() => mutate()}
      title={`Save ${formatNumber(total)} rows with the visible columns as a CSV file`}
    >
      <IconDownload size={15} stroke={1.6} aria-hidden />
      <span role={isPending || isError ? 'status' : undefined}>{isPending ? progress : isError ? 'Export failed' : 'CSV'}</span>
    </button>
  );
}

async function allRows(request: TableRequest, onProgress: (done: number) => void): Promise<Row[]> {
  const rows: Row[] = [];
  for (;;) {
    const body = { ...request, facets: [], offset: rows.length, limit: batch };
    const page = await unwrap(client.POST('/tables', { body }));
    rows.push(...page.rows);
    onProgress(rows.length);
    if (page.rows.length === 0 || rows.length >= page.total) return rows;
  }
}

function asCsv(fields: Field[], rows: Row[]): string {
  const others = fields.filter((field) => field.id !== 'identifier');
  const header = ['Identifier', ...others.map((field) => field.title)];
  return toCsv(header, rows.map((row) => [row.identifier, ...others.map((field) => fieldText(row, field))]));
}
