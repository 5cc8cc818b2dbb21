import type { ComponentType } from 'react';
import type { Home, HomeSection } from '~/api/home';
import { Attention } from './Attention';
import { Board } from './Board';
import { CatalogCounts } from './CatalogCounts';
import { Checks } from './Checks';
import { Links } from './Links';
import { Mine } from './Mine';
import { Recent } from './Recent';
import { MyApprovals, MyRuns } from './Runs';
import { Start } from './Start';
import { stepsFor, type State } from './steps';
import { Viewed } from './Viewed';

export interface SectionEntry {
  id: string;
  title: string;
  component: ComponentType<{ home: Home }>;
  /** Beside the others, where there is room. */
  narrow?: boolean;
  /** Whether it has anything to say to this person at all. */
  applies?: (home: Home, own: Pick<State, 'examples' | 'begun'>) => boolean;
}

/** What a home page is made of, in the order in which it comes. One line adds a section. */
export const sections: SectionEntry[] = [
  { id: 'start', title: 'First steps', component: Start, applies: ({ steps }, own) => stepsFor(steps).some((step) => step.done({ ...steps, ...own }) === undefined) },
  { id: 'approvals', title: 'Waiting for my approval', component: MyApprovals, applies: ({ approvalsTotal }) => approvalsTotal > 0 },
  { id: 'mine', title: 'My teams', component: Mine, applies: ({ teams }) => teams.length > 0 },
  { id: 'checks', title: 'My failing checks', component: Checks, applies: ({ teams }) => teams.length > 0 },
  { id: 'attention', title: 'Needs attention', component: Attention },
  { id: 'board', title: 'Dashboard', component: Board, applies: ({ board }) => Boolean(board) },
  { id: 'runs', title: 'My runs', component: MyRuns, applies: ({ runs }) => runs.length > 0 },
  { id: 'recent', title: 'Recently changed', component: Recent },
  { id: 'links', title: 'Links', component: Links, narrow: true },
  { id: 'viewed', title: 'Recently viewed', component: Viewed, narrow: true },
  { id: 'catalog', title: 'Catalog', component: CatalogCounts, narrow: true },
];

export interface Arranged {
  id: string;
  title: string;
  hidden: boolean;
  entry?: SectionEntry;
  /** A table that the reader has added. */
  table?: { title: string; blueprint?: string; query?: string };
}

/** The sections in the reader's order; those that came after he arranged them come last. */
export function arrange(home: Home, own: Pick<State, 'examples' | 'begun'>): Arranged[] {
  const stored: HomeSection[] = home.layout?.sections ?? [];
  const listed = stored.flatMap(({ id, hidden = false, title, blueprint, query }): Arranged[] => {
    const entry = sections.find((section) => section.id === id);
    if (entry) return [{ id, title: entry.title, hidden, entry }];
    return title ? [{ id, title, hidden, table: { title, blueprint: blueprint ?? undefined, query: query ?? undefined } }] : [];
  });
  const known = new Set(listed.map(({ id }) => id));
  const rest = sections.filter(({ id }) => !known.has(id)).map((entry) => ({ id: entry.id, title: entry.title, hidden: false, entry }));
  return [...listed, ...rest].filter(({ entry }) => entry?.applies?.(home, own) ?? true);
}

/** What is sent of an arrangement. */
export const stored = (arranged: Arranged[]): HomeSection[] => arranged.map(({ id, hidden, table }) => ({ id, hidden, ...table }));
