import { createContext, useContext } from 'react';
import type { Body } from '~/api/blueprints';
import type { Draft } from './useDraft';

interface Editing {
  blueprint: string;
  /** As it is in the server. */
  stored: Body;
  draft: Draft;
  /** Why nothing may be changed. */
  why: string | undefined;
  /** The entity whose values are shown. */
  entity: string | undefined;
  setEntity: (identifier: string | undefined) => void;
}

export const EditingContext = createContext<Editing | undefined>(undefined);

export function useEditing(): Editing {
  const editing = useContext(EditingContext);
  if (!editing) throw new Error('there is no blueprint around');
  return editing;
}

/** What is wrong at a place or below it. */
export function useFault(pointer: string): string | undefined {
  const { draft } = useEditing();
  const found = draft.preview?.problems.find((problem) => problem.pointer === pointer || problem.pointer.startsWith(`${pointer}/`));
  return found?.message;
}
