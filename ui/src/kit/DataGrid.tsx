import { Skeleton } from '@mantine/core';
import { IconArrowDown, IconArrowUp, IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useRef, type KeyboardEvent, type MouseEvent, type ReactNode } from 'react';
import { formatNumber } from '~/lib/text';
import classes from './DataGrid.module.css';
import type { Sort } from './DataTable';
import { GridHeader } from './GridHeader';
import { useGridKeys } from './useGridKeys';

export interface GridColumn<Row> {
  id: string;
  header: string;
  /** A word beside the header. */
  note?: ReactNode;
  cell: (row: Row) => ReactNode;
  sortable?: boolean;
  align?: 'right';
  width: number;
}

/** A heading with the number of rows below it. */
export interface GridGroup {
  key: string;
  title: ReactNode;
  count: number;
  open: boolean;
}

/** What stands on a line; undefined while it is on its way. */
export type GridLine<Row> = { row: Row } | { group: GridGroup } | undefined;

export interface GridSelection<Row> {
  has: (row: Row) => boolean;
  /** `range`: from the last one that was chosen. */
  toggle: (row: Row, index: number, range: boolean) => void;
  all: boolean | 'some';
  toggleAll: () => void;
}

interface DataGridProps<Row> {
  label: string;
  columns: GridColumn<Row>[];
  /** Lines, those that have not been loaded included. */
  count: number;
  line: (index: number) => GridLine<Row>;
  rowId: (row: Row) => string;
  rowName: (row: Row) => string;
  sort: Sort[];
  /** `add`: besides what it is sorted by already. */
  onSort: (field: string, add: boolean) => void;
  onWidth: (id: string, width: number) => void;
  /** Puts a column in front of another. */
  onMove: (id: string, before: string) => void;
  /** The lines that are on screen, and some around them. */
  onRange: (from: number, to: number) => void;
  onGroup?: (key: string) => void;
  selection?: GridSelection<Row>;
  /** Wants to change a cell. */
  onEdit?: (row: Row, column: string) => void;
  /** In place of a cell while it is changed. */
  editor?: (row: Row, column: string) => ReactNode | undefined;
  menu?: (row: Row) => ReactNode;
  waiting?: boolean;
  busy?: boolean;
}

export const lineHeight = 34;
const overscan = 6;

/** A table of any length: only the lines on screen are there. Arrows move between cells, Enter opens, F2 changes, Space chooses. */
export function DataGrid<Row extends object>(props: DataGridProps<Row>) {
  const { label, columns, count, line, rowId, onRange, selection, menu, waiting = false, busy = false } = props;
  const scroll = useRef<HTMLDivElement>(null);
  const lines = waiting ? 14 : count;
  const virtual = useVirtualizer({
    count: lines,
    getScrollElement: () => scroll.current,
    estimateSize: () => lineHeight,
    overscan,
    onChange: ({ range }) => range && onRange(Math.max(0, range.startIndex - overscan), range.endIndex + overscan),
  });
  const keys = useGridKeys({ scroll, lines, cells: columns.length, show: (index) => virtual.scrollToIndex(index) });
  const items = virtual.getVirtualItems();
  const before = items[0]?.start ?? 0;
  const after = virtual.getTotalSize() - (items.at(-1)?.end ?? 0);
  const width = columns.reduce((sum, column) => sum + column.width, 0) + (selection ? 34 : 0) + (menu ? 40 : 0);
  return (
    <div ref={scroll} className={classes.scroll} tabIndex={-1} role="region" aria-label={label}>
      <div style={{ paddingTop: before, paddingBottom: Math.max(0, after), minWidth: width }}>
        <table className={classes.table} role="grid" aria-label={label} aria-rowcount={count + 1} aria-multiselectable={selection ? true : undefined} aria-busy={busy || waiting} data-busy={busy || undefined}>
          <colgroup>
            {selection && <col style={{ width: 34 }} />}
            {columns.map((column) => (
              <col key={column.id} style={{ width: column.width }} />
            ))}
            <col />
          </colgroup>
          <GridHeader {...props} />
          <tbody onKeyDown={keys.onKeyDown} onFocus={keys.onFocus}>
            {items.map(({ index }) => {
              const found = waiting ? undefined : line(index);
              if (found && 'group' in found) return <GroupLine key={`group ${found.group.key}`} index={index} span={columns.length + 1 + (selection ? 1 : 0)} group={found.group} onGroup={props.onGroup} />;
              if (!found) return <WaitingLine key={`waiting ${index}`} index={index} cells={columns.length} before={Boolean(selection)} />;
              return <RowLine key={rowId(found.row)} {...props} row={found.row} index={index} active={keys.active} />;
            })}
          </tbody>
        </table>
      </div>
    </div>
  );
}

interface RowLineProps<Row> extends DataGridProps<Row> {
  row: Row;
  index: number;
  active: { line: number; cell: number };
}

function RowLine<Row extends object>({ row, index, active, columns, selection, editor, onEdit, menu, rowName }: RowLineProps<Row>) {
  const chosen = selection?.has(row) ?? false;
  const choose = (event: MouseEvent | KeyboardEvent) => selection?.toggle(row, index, event.shiftKey);
  return (
    <tr aria-rowindex={index + 2} aria-selected={selection ? chosen : undefined} data-chosen={chosen || undefined}>
      {selection && (
        <td className={classes.choose}>
          <input type="checkbox" className={classes.box} checked={chosen} onChange={() => undefined} onClick={choose} aria-label={`Choose ${rowName(row)}`} tabIndex={-1} />
        </td>
      )}
      {columns.map((column, i) => {
        const edited = editor?.(row, column.id);
        return (
          <td
            key={column.id}
            data-right={column.align === 'right' || undefined}
            data-cell={i}
            data-line={index}
            data-editing={edited ? true : undefined}
            tabIndex={active.line === index && active.cell === i ? 0 : -1}
            onDoubleClick={onEdit && (() => onEdit(row, column.id))}
            onKeyDown={(event) => {
              if (event.target !== event.currentTarget) return;
              if (event.key === 'F2' && onEdit) onEdit(row, column.id);
              else if (event.key === ' ' && selection) choose(event);
              else if (event.key === 'Enter') event.currentTarget.closest('tr')?.querySelector('a')?.click();
              else return;
              event.preventDefault();
            }}
          >
            {edited ?? <div className={classes.cell}>{column.cell(row)}</div>}
          </td>
        );
      })}
      <td className={classes.rest}>{menu?.(row)}</td>
    </tr>
  );
}

function GroupLine({ index, span, group, onGroup }: { index: number; span: number; group: GridGroup; onGroup?: (key: string) => void }) {
  const Icon = group.open ? IconChevronDown : IconChevronRight;
  return (
    <tr aria-rowindex={index + 2} className={classes.group}>
      <td colSpan={span}>
        <button type="button" aria-expanded={group.open} onClick={() => onGroup?.(group.key)}>
          <Icon size={14} aria-hidden />
          <span className={classes.groupTitle}>{group.title}</span>
          <span className="sd-dim">{formatNumber(group.count)}</span>
        </button>
      </td>
    </tr>
  );
}

function WaitingLine({ index, cells, before }: { index: number; cells: number; before: boolean }) {
  return (
    <tr aria-rowindex={index + 2} data-waiting>
      {before && <td />}
      {Array.from({ length: cells }, (_, i) => (
        <td key={i}>
          <Skeleton height={10} width={`${40 + ((index * 31 + i * 47) % 50)}%`} radius={3} />
        </td>
      ))}
      <td />
    </tr>
  );
}

/** The arrow of a sorted column, with its place among several. */
export function SortMark({ sort, field }: { sort: Sort[]; field: string }) {
  const at = sort.findIndex((one) => one.field === field);
  if (at < 0) return null;
  const Icon = sort[at]?.order === 'desc' ? IconArrowDown : IconArrowUp;
  return (
    <>
      <Icon size={13} aria-hidden />
      {sort.length > 1 && <span className={classes.place}>{at + 1}</span>}
    </>
  );
}
