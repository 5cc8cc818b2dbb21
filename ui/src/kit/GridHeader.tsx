import { useState, type KeyboardEvent, type PointerEvent } from 'react';
import { SortMark, type GridColumn, type GridSelection } from './DataGrid';
import classes from './DataGrid.module.css';
import type { Sort } from './DataTable';

interface GridHeaderProps<Row> {
  columns: GridColumn<Row>[];
  sort: Sort[];
  onSort: (field: string, add: boolean) => void;
  onWidth: (id: string, width: number) => void;
  onMove: (id: string, before: string) => void;
  selection?: GridSelection<Row>;
}

const least = 60;
const step = 20;

/** Headers sort with a click (with Shift besides), move when dragged, and are as wide as one pulls them. */
export function GridHeader<Row>({ columns, sort, onSort, onWidth, onMove, selection }: GridHeaderProps<Row>) {
  const [over, setOver] = useState<string>();
  const [dragged, setDragged] = useState<string>();
  const drop = (before: string) => {
    if (dragged && dragged !== before) onMove(dragged, before);
    setOver(undefined);
    setDragged(undefined);
  };
  return (
    <thead>
      <tr aria-rowindex={1}>
        {selection && (
          <th scope="col" className={classes.choose}>
            <input type="checkbox" className={classes.box} checked={selection.all === true} ref={(box) => void (box && (box.indeterminate = selection.all === 'some'))} onChange={selection.toggleAll} aria-label="Choose all" />
          </th>
        )}
        {columns.map((column) => {
          const order = sort.find((one) => one.field === column.id)?.order;
          return (
            <th
              key={column.id}
              scope="col"
              aria-sort={order === undefined ? undefined : order === 'asc' ? 'ascending' : 'descending'}
              data-right={column.align === 'right' || undefined}
              data-over={over === column.id || undefined}
              draggable
              onDragStart={() => setDragged(column.id)}
              onDragOver={(event) => {
                event.preventDefault();
                setOver(column.id);
              }}
              onDragEnd={() => setOver(undefined)}
              onDrop={() => drop(column.id)}
            >
              {column.sortable ? (
                <button type="button" className={classes.sort} title="Sort; with Shift besides what it is sorted by" onClick={(event) => onSort(column.id, event.shiftKey)}>
                  {column.header}
                  <SortMark sort={sort} field={column.id} />
                </button>
              ) : (
                column.header
              )}
              {column.note && <span className={classes.note}>{column.note}</span>}
              <Handle column={column} onWidth={onWidth} />
            </th>
          );
        })}
        <td />
      </tr>
    </thead>
  );
}

function Handle<Row>({ column, onWidth }: { column: GridColumn<Row>; onWidth: (id: string, width: number) => void }) {
  const pull = (event: PointerEvent<HTMLElement>) => {
    event.preventDefault();
    const from = event.clientX;
    const handle = event.currentTarget;
    handle.setPointerCapture(event.pointerId);
    const move = (now: globalThis.PointerEvent) => onWidth(column.id, Math.max(least, Math.round(column.width + now.clientX - from)));
    const end = () => {
      handle.removeEventListener('pointermove', move);
      handle.removeEventListener('pointerup', end);
    };
    handle.addEventListener('pointermove', move);
    handle.addEventListener('pointerup', end);
  };
  const key = (event: KeyboardEvent) => {
    const by = event.key === 'ArrowRight' ? step : event.key === 'ArrowLeft' ? -step : 0;
    if (by === 0) return;
    event.preventDefault();
    onWidth(column.id, Math.max(least, column.width + by));
  };
  return (
    <span
      role="separator"
      aria-orientation="vertical"
      aria-label={`Width of ${column.header}`}
      aria-valuenow={column.width}
      aria-valuemin={least}
      tabIndex={0}
      className={classes.handle}
      draggable={false}
      onPointerDown={pull}
      onKeyDown={key}
    />
  );
}
