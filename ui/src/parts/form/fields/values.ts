import type { FocusEvent } from 'react';
import { useFormState } from '../context';
import { optionsOf, type FieldProps } from '../types';

/** What every input of the component library is given. */
export function useCommon({ path, label, description, required, disabled, error, autoFocus, schema }: FieldProps) {
  const { touch } = useFormState();
  const { placeholder } = optionsOf(schema);
  return {
    id: `field${path}`,
    label,
    description,
    error,
    withAsterisk: required,
    'aria-required': required || undefined,
    disabled,
    autoFocus,
    'data-autofocus': autoFocus || undefined,
    placeholder: typeof placeholder === 'string' ? placeholder : undefined,
    onBlur: ({ relatedTarget }: FocusEvent) => {
      // an error that appears while a button is being pressed would push it away from under the pointer
      if (!(relatedTarget instanceof HTMLButtonElement)) touch(path);
    },
    autoComplete: 'off',
    size: 'xs' as const,
  };
}

export const asText = (value: unknown) => (value === undefined || value === null ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value));

export const asList = (value: unknown): string[] => (Array.isArray(value) ? value.map(asText) : []);

/** The text of an empty field is no value. */
export const orNull = (text: string | null) => (text === '' || text === null ? null : text);
