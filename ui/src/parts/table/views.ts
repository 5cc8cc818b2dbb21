import type { SavedView } from '~/api/tables';
import { useModel } from '../model';

/** The saved views of one blueprint; those across blueprints where none is named. */
export function useViews(blueprint?: string): SavedView[] {
  return useModel().views.filter((view) => (view.blueprint ?? undefined) === blueprint);
}

export const useView = (id: string): SavedView | undefined => useModel().views.find((view) => view.id === id);

/** What the table of a blueprint opens with: the reader's own choice, else everybody's. */
export function defaultView(views: SavedView[]): SavedView | undefined {
  const defaults = views.filter((view) => view.default);
  return defaults.find((view) => !view.shared) ?? defaults[0];
}
