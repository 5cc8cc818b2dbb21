import type { BoardJson, Group, LayoutRow, WidgetJson } from '~/api/pages';

/** A widget on a board with the room that it takes. */
export interface Placed {
  widget: WidgetJson;
  /** Of twelve columns. */
  size: number;
  height: number;
}

export const isBoard = (widget: WidgetJson): widget is BoardJson => widget.type === 'dashboard-widget' && Array.isArray(widget.widgets);
export const groupsOf = (widget: WidgetJson): Group[] | undefined => (widget.type === 'grouper' && Array.isArray(widget.groups) ? (widget.groups as Group[]) : undefined);

export const newId = () => `w${crypto.getRandomValues(new Uint32Array(2)).reduce((text, n) => text + n.toString(36), '')}`;

/** Every widget with an id, so that it can be moved and found again; those that have one keep it. */
export function withIds(widgets: WidgetJson[]): WidgetJson[] {
  return widgets.map((widget) => {
    const named = widget.id ? widget : { ...widget, id: newId() };
    if (isBoard(named)) return { ...named, widgets: withIds(named.widgets) };
    const groups = groupsOf(named);
    return groups ? { ...named, groups: groups.map((group) => ({ ...group, widgets: withIds(group.widgets ?? []) })) } : named;
  });
}

/** Everything that shows something, without what only lays out. */
export function leavesOf(widgets: WidgetJson[]): WidgetJson[] {
  return widgets.flatMap((widget) => {
    if (isBoard(widget)) return leavesOf(widget.widgets);
    const groups = groupsOf(widget);
    return groups ? groups.flatMap((group) => leavesOf(group.widgets ?? [])) : [widget];
  });
}

/** What stands on a board, in reading order. */
export function placedOf(board: BoardJson): Placed[] {
  const byId = new Map(board.widgets.map((widget) => [widget.id, widget]));
  const placed: Placed[] = [];
  for (const row of board.layout ?? []) {
    for (const column of row.columns) {
      const widget = byId.get(column.id);
      if (!widget) continue;
      byId.delete(column.id);
      placed.push({ widget, size: clampSize(column.size), height: row.height });
    }
  }
  return [...placed, ...[...byId.values()].map((widget) => ({ widget, size: 12, height: 300 }))];
}

const clampSize = (size: number) => Math.min(12, Math.max(1, Math.round(size)));

/** Rows of twelve columns, filled in order; a row is as high as its highest widget. */
export function layoutOf(placed: Placed[]): LayoutRow[] {
  const rows: LayoutRow[] = [];
  let room = 0;
  for (const { widget, size, height } of placed) {
    let row = rows.at(-1);
    if (!row || room < size) {
      row = { height, columns: [] };
      rows.push(row);
      room = 12;
    }
    row.columns.push({ id: widget.id ?? '', size });
    row.height = Math.max(row.height, height);
    room -= size;
  }
  return rows;
}

/** A board with these widgets on it. */
export const arranged = (board: BoardJson, placed: Placed[]): BoardJson => ({ ...board, layout: layoutOf(placed), widgets: placed.map(({ widget }) => widget) });

/** An empty board. */
export const newBoard = (): BoardJson => ({ id: newId(), type: 'dashboard-widget', layout: [], widgets: [] });
