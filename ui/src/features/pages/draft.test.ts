import { describe, expect, it } from 'vitest';
import type { BoardJson } from '~/api/pages';
import { arranged, layoutOf, leavesOf, placedOf, withIds } from './draft';

const board: BoardJson = {
  id: 'board',
  type: 'dashboard-widget',
  layout: [{ height: 300, columns: [{ id: 'a', size: 8 }, { id: 'b', size: 4 }] }],
  widgets: [{ id: 'a', type: 'markdown' }, { id: 'b', type: 'bar-chart' }, { id: 'c', type: 'my-entities' }],
};

describe('a board', () => {
  it('is read in order, with what no row names at its end', () => {
    expect(placedOf(board).map(({ widget, size }) => [widget.id, size])).toEqual([['a', 8], ['b', 4], ['c', 12]]);
  });

  it('fills rows of twelve columns', () => {
    const placed = placedOf(board).map((one) => ({ ...one, size: 6 }));
    expect(layoutOf(placed).map((row) => row.columns.map((column) => column.id))).toEqual([['a', 'b'], ['c']]);
    expect(arranged(board, placed.reverse()).widgets.map((widget) => widget.id)).toEqual(['c', 'b', 'a']);
  });

  it('gives ids to what has none and lists what shows something', () => {
    const page = withIds([{ type: 'grouper', displayMode: 'tabs', groups: [{ title: 'x', widgets: [{ type: 'markdown' }] }] }, board]);
    expect(leavesOf(page)).toHaveLength(4);
    expect(leavesOf(page).every((widget) => widget.id)).toBe(true);
  });
});
