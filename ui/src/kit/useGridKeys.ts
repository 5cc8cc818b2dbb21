import { useState, type FocusEvent, type KeyboardEvent, type RefObject } from 'react';

interface GridKeys {
  scroll: RefObject<HTMLDivElement | null>;
  lines: number;
  cells: number;
  /** Brings a line into view. */
  show: (line: number) => void;
}

/** One cell of a grid can be reached with Tab; arrows, Home, End and the page keys move it. */
export function useGridKeys({ scroll, lines, cells, show }: GridKeys) {
  const [active, setActive] = useState({ line: 0, cell: 0 });
  const move = (line: number, cell: number) => {
    const next = { line: Math.max(0, Math.min(lines - 1, line)), cell: Math.max(0, Math.min(cells - 1, cell)) };
    setActive(next);
    show(next.line);
    focusWhenThere(scroll.current, next, 10);
  };
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    const target = event.target as HTMLElement;
    const typing = target.matches('input:not([type=checkbox]), textarea, select, [contenteditable]') || target.closest('[data-editing]');
    if (event.defaultPrevented || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor((scroll.current?.clientHeight ?? 340) / 34) - 2);
    const steps: Record<string, [number, number]> = {
      ArrowDown: [active.line + 1, active.cell],
      ArrowUp: [active.line - 1, active.cell],
      ArrowRight: [active.line, active.cell + 1],
      ArrowLeft: [active.line, active.cell - 1],
      PageDown: [active.line + page, active.cell],
      PageUp: [active.line - page, active.cell],
      Home: [0, active.cell],
      End: [lines - 1, active.cell],
    };
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    move(...step);
  };
  const onFocus = ({ target }: FocusEvent<HTMLElement>) => {
    const cell = target.closest<HTMLElement>('[data-cell]');
    if (!cell) return;
    const [line, at] = [Number(cell.dataset.line), Number(cell.dataset.cell)];
    if (line !== active.line || at !== active.cell) setActive({ line, cell: at });
  };
  return { active, onKeyDown, onFocus };
}

/** A line far away is made first; then its cell can have the focus. */
function focusWhenThere(scroll: HTMLElement | null, { line, cell }: { line: number; cell: number }, tries: number): void {
  const found = scroll?.querySelector<HTMLElement>(`[data-line="${line}"][data-cell="${cell}"]`) ?? scroll?.querySelector<HTMLElement>(`tr[aria-rowindex="${line + 2}"] button`);
  if (found) found.focus({ preventScroll: true });
  else if (tries > 0) requestAnimationFrame(() => focusWhenThere(scroll, { line, cell }, tries - 1));
}
