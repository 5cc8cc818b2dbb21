import { Button } from '@mantine/core';
import { useRef, useState } from 'react';
import { tablePageQuery } from '~/api/tables';
import type { Blueprint, Row, TableResult } from '~/api/types';
import { useQueryClient } from '@tanstack/react-query';
import type { GridLine, GridSelection } from '~/kit/DataGrid';
import { count, formatNumber } from '~/lib/text';
import { BulkDelete } from './BulkDelete';
import { BulkEdit } from './BulkEdit';
import type { Field } from './fields';
import classes from './table.module.css';

/** Rows that can be chosen at once. */
export const most = 10_000;

const idOf = (row: Pick<Row, 'blueprint' | 'identifier'>) => `${row.blueprint} ${row.identifier}`;

/** The rows that somebody has chosen: one, a stretch of them, all that the query finds. */
export function useSelection(line: (index: number) => GridLine<Row>, lines: number, data: TableResult | undefined, blueprint: string | undefined) {
  const queries = useQueryClient();
  const [chosen, setChosen] = useState<Map<string, Row>>(new Map());
  const [busy, setBusy] = useState(false);
  const last = useRef<number>(undefined);
  const total = data?.total ?? 0;
  const clear = () => setChosen(new Map());
  const toggle = (row: Row, index: number, range: boolean) => {
    const next = new Map(chosen);
    const add = !next.has(idOf(row));
    const from = range && last.current !== undefined ? Math.min(last.current, index) : index;
    const to = range && last.current !== undefined ? Math.max(last.current, index) : index;
    for (let i = from; i <= Math.min(to, lines - 1); i++) {
      const found = line(i);
      if (!found || !('row' in found)) continue;
      if (add) next.set(idOf(found.row), found.row);
      else next.delete(idOf(found.row));
    }
    last.current = index;
    setChosen(next);
  };
  const everything = async (request: Parameters<typeof tablePageQuery>[0]) => {
    setBusy(true);
    try {
      const all = new Map<string, Row>();
      for (let offset = 0; offset < Math.min(total, most); offset += 1000) {
        const { rows } = await queries.fetchQuery(tablePageQuery({ ...request, offset, limit: 1000 }));
        for (const row of rows) all.set(idOf(row), row);
      }
      setChosen(all);
    } finally {
      setBusy(false);
    }
  };
  const toggleAll = () => {
    if (chosen.size > 0 || !data) return clear();
    void everything({ blueprint, query: data.rules, columns: data.columns, facets: [] });
  };
  // the box shows at once what was asked for
  const all: boolean | 'some' = busy ? true : chosen.size === 0 ? false : chosen.size >= Math.min(total, most) ? true : 'some';
  const grid: GridSelection<Row> = { has: (row) => chosen.has(idOf(row)), toggle, all, toggleAll };
  return { grid, rows: [...chosen.values()], busy, clear, total };
}

interface SelectionBarProps {
  selection: ReturnType<typeof useSelection>;
  fields: Field[];
  blueprint?: Blueprint;
}

/** What can be done with the rows that are chosen. */
export function SelectionBar({ selection, fields, blueprint }: SelectionBarProps) {
  const [open, setOpen] = useState<'edit' | 'delete'>();
  const { rows, clear, busy, total } = selection;
  if (busy) return <span>Choosing…</span>;
  if (rows.length === 0 && !open) return null;
  const close = () => setOpen(undefined);
  return (
    <span className={classes.chosen}>
      <strong>{count(rows.length, 'row')} chosen</strong>
      {rows.length === most && total > most && <span className="sd-dim">the first {formatNumber(most)}</span>}
      <Button size="compact-xs" variant="default" onClick={() => setOpen('edit')}>
        Edit…
      </Button>
      <Button size="compact-xs" variant="default" color="red" onClick={() => setOpen('delete')}>
        Delete…
      </Button>
      <Button size="compact-xs" variant="subtle" color="gray" onClick={clear}>
        Choose none
      </Button>
      {open === 'edit' && <BulkEdit rows={rows} fields={fields} blueprint={blueprint} onClose={close} />}
      {open === 'delete' && <BulkDelete rows={rows} onClose={close} onDone={clear} />}
    </span>
  );
}
