import { NumberInput } from '@mantine/core';
import { typeOf, type FieldProps } from '../types';
import { useCommon } from './values';

export function NumberField(props: FieldProps) {
  const common = useCommon(props);
  const { minimum, maximum, multipleOf } = props.schema;
  const limits = [minimum !== undefined && `from ${minimum}`, maximum !== undefined && `to ${maximum}`].filter(Boolean).join(' ');
  const told = props.description && limits ? props.description.replace(/([^.!?:])$/, '$1.') : props.description;
  const description = [told, limits && `A number ${limits}.`].filter(Boolean).join(' ');
  return (
    <NumberInput
      {...common}
      description={description || undefined}
      value={typeof props.value === 'number' ? props.value : ''}
      onChange={(next) => props.onChange(next === '' ? null : Number(next))}
      allowDecimal={typeOf(props.schema) !== 'integer'}
      // a value out of bounds is told, not changed
      clampBehavior="none"
      min={minimum}
      max={maximum}
      step={multipleOf ?? 1}
      maw={240}
    />
  );
}
