import { Skeleton } from '@mantine/core';
import { IconArrowDown, IconArrowUp } from '@tabler/icons-react';
import {
  columnVisibilityFeature,
  createColumnHelper,
  rowSortingFeature,
  tableFeatures,
  useTable,
} from '@tanstack/react-table';
import { useMemo, type ReactNode } from 'react';
import classes from './DataTable.module.css';

export interface DataColumn<Row> {
  id: string;
  header: string;
  /** A word beside the header. */
  note?: ReactNode;
  cell: (row: Row) => ReactNode;
  sortable?: boolean;
  align?: 'right';
  /** May take the room of long text. */
  wide?: boolean;
}

export interface Sort {
  field: string;
  order: 'asc' | 'desc';
}

interface DataTableProps<Row> {
  label: string;
  columns: DataColumn<Row>[];
  rows: Row[];
  rowId: (row: Row) => string;
  sort?: Sort;
  onSort?: (sort: Sort | undefined) => void;
  /** Old rows are on screen while newer ones are on their way. */
  busy?: boolean;
  /** Nothing has been loaded yet. */
  waiting?: boolean;
  /** Grows with its rows instead of scrolling inside. */
  natural?: boolean;
}

const features = tableFeatures({ columnVisibilityFeature, rowSortingFeature });

export function DataTable<Row extends object>(props: DataTableProps<Row>) {
  const { label, columns, rows, rowId, sort, onSort, busy = false, waiting = false, natural = false } = props;
  const defs = useMemo(() => {
    const helper = createColumnHelper<typeof features, Row>();
    return columns.map((column) =>
      helper.accessor((): unknown => null, {
        id: column.id,
        header: column.header,
        cell: (context) => column.cell(context.row.original),
        enableSorting: column.sortable ?? false,
      }),
    );
  }, [columns]);
  const table = useTable({
    features,
    columns: defs,
    data: rows,
    getRowId: rowId,
    manualSorting: true,
    state: { sorting: sort ? [{ id: sort.field, desc: sort.order === 'desc' }] : [] },
  });
  const notes = new Map(columns.map((column) => [column.id, column.note]));
  const right = new Set(columns.filter((column) => column.align === 'right').map((column) => column.id));
  const wide = new Set(columns.filter((column) => column.wide).map((column) => column.id));
  return (
    <div className={classes.scroll} data-natural={natural || undefined} tabIndex={0} role="region" aria-label={label}>
      <table className={classes.table} aria-busy={busy || waiting} data-busy={busy || undefined}>
        <thead>
          <tr>
            {table.getFlatHeaders().map(({ column }) => {
              const text = String(column.columnDef.header);
              const order = sort?.field === column.id ? sort.order : undefined;
              return (
                <th key={column.id} scope="col" data-right={right.has(column.id) || undefined} aria-sort={ariaSort(order)}>
                  {onSort && column.getCanSort() ? (
                    <button type="button" className={classes.sort} onClick={() => onSort(nextSort(column.id, order))}>
                      {text}
                      {order === 'asc' && <IconArrowUp size={13} aria-hidden />}
                      {order === 'desc' && <IconArrowDown size={13} aria-hidden />}
                    </button>
                  ) : (
                    text
                  )}
                  {notes.get(column.id) && <span className={classes.note}>{notes.get(column.id)}</span>}
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>
          {waiting
            ? Array.from({ length: 12 }, (_, i) => <WaitingRow key={i} cells={columns.length} seed={i} />)
            : table.getRowModel().rows.map((row) => (
                <tr key={row.id}>
                  {row.getVisibleCells().map((cell) => (
                    <td key={cell.id} data-right={right.has(cell.column.id) || undefined}>
                      <div className={classes.cell} data-wide={wide.has(cell.column.id) || undefined}>
                        <table.FlexRender cell={cell} />
                      </div>
                    </td>
                  ))}
                </tr>
              ))}
        </tbody>
      </table>
    </div>
  );
}

function WaitingRow({ cells, seed }: { cells: number; seed: number }) {
  return (
    <tr>
      {Array.from({ length: cells }, (_, i) => (
        <td key={i}>
          <Skeleton height={10} width={60 + ((seed * 31 + i * 47) % 70)} radius={3} />
        </td>
      ))}
    </tr>
  );
}

const ariaSort = (order: Sort['order'] | undefined) =>
  order === undefined ? undefined : order === 'asc' ? 'ascending' : 'descending';

/** A header steps through ascending, descending and unsorted. */
function nextSort(field: string, order: Sort['order'] | undefined): Sort | undefined {
  if (order === undefined) return { field, order: 'asc' };
  return order === 'asc' ? { field, order: 'desc' } : undefined;
}
