import { createContext, useContext } from 'react';
import type { Errors, Schema, Values } from './types';

/** What all fields of a form share. */
export interface FormState {
  /** Those that are shown: of places that have been left, or of all after an attempt to go on. */
  errors: Errors;
  /** A place has been filled in and left. */
  touch: (path: string) => void;
  /** All that is filled in. */
  values: Values;
  /** What references of the schema are looked up in. */
  root: Schema;
  secrets: Record<string, string>;
  setSecret: (key: string, value: string) => void;
}

const nothing: FormState = { errors: {}, touch: () => undefined, values: {}, root: {}, secrets: {}, setSecret: () => undefined };

export const FormContext = createContext<FormState>(nothing);

export const useFormState = () => useContext(FormContext);
