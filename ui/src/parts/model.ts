import { useSuspenseQuery } from '@tanstack/react-query';
import { modelQuery } from '~/api/queries';
import type { Blueprint } from '~/api/types';
import { useSession } from './session';

/** The text of the browser's tab: the page first, the portal last. */
export function useDocumentTitle(...parts: string[]): string {
  const { title } = useSession();
  return [...parts, title].filter(Boolean).join(' – ');
}

export function useModel() {
  return useSuspenseQuery(modelQuery).data;
}

/** Blueprints with pages of their own under Administration. */
const ofPeople = new Set(['_user', '_team']);

/** What the catalog consists of: everything but people and teams. */
export function useCatalogBlueprints(): Blueprint[] {
  return useModel().blueprints.filter(({ identifier }) => !ofPeople.has(identifier));
}

export function useBlueprint(identifier: string): Blueprint | undefined {
  return useModel().blueprints.find((blueprint) => blueprint.identifier === identifier);
}
