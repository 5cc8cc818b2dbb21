import { useNavigate } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useShortcuts, type Shortcut } from '~/kit/shortcuts';
import { useCatalogBlueprints } from '~/parts/model';
import { administrationPages, mainPages, ownPages, standardsPages } from './pages';

interface Windows {
  palette: () => void;
  help: () => void;
}

/** What the keyboard does on every page. */
export function useAppShortcuts({ palette, help }: Windows): void {
  const navigate = useNavigate();
  const first = useCatalogBlueprints().find(({ count }) => count > 0)?.identifier;
  const shortcuts = useMemo(() => {
    const goTo: Shortcut[] = [...mainPages, ...standardsPages, ...administrationPages, ...ownPages].flatMap(({ to, title, keys }) =>
      keys ? [{ keys, title, group: 'Go to', run: () => void navigate({ to }) }] : [],
    );
    const catalog: Shortcut[] = first
      ? [{ keys: 'g c', title: 'Catalog', group: 'Go to', run: () => void navigate({ to: '/catalog/$blueprint', params: { blueprint: first } }) }]
      : [];
    return [
      { keys: 'mod+K', title: 'Find anything', group: 'Everywhere', run: palette },
      { keys: '/', title: 'Search on this page, else everywhere', group: 'Everywhere', run: () => focusSearch() || palette() },
      { keys: '?', title: 'This help', group: 'Everywhere', run: help },
      { keys: 'j', title: 'Next row', group: 'In lists and tables', run: () => step(1) },
      { keys: 'k', title: 'Previous row', group: 'In lists and tables', run: () => step(-1) },
      ...goTo,
      ...catalog,
    ];
  }, [navigate, palette, help, first]);
  useShortcuts(shortcuts);
}

/** The field with which the page is searched. False when it has none. */
function focusSearch(): boolean {
  const field = document.querySelector<HTMLElement>('#main [data-search], #main input[type=search]');
  field?.focus();
  return field !== null;
}

/** Moves the focus along the links of rows and list entries. Enter then opens what the focus is on. */
function step(by: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>('#main tbody tr, #main [role=row], #main li')];
  const stops = rows.flatMap((row) => row.querySelector<HTMLElement>('a[href], button:not([disabled])') ?? []);
  const unique = [...new Set(stops)];
  if (unique.length === 0) return;
  const active = document.activeElement;
  const at = unique.findIndex((stop) => stop === active || stop.closest('tr, li, [role=row]')?.contains(active));
  const next = at < 0 ? (by > 0 ? 0 : unique.length - 1) : Math.min(unique.length - 1, Math.max(0, at + by));
  unique[next]?.focus();
  unique[next]?.scrollIntoView({ block: 'nearest' });
}
