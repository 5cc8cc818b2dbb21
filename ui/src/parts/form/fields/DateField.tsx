import { TextInput } from '@mantine/core';
import type { FieldProps } from '../types';
import { asText, orNull, useCommon } from './values';

/** A date, a time, or both, as the browser asks for them: by keyboard and by calendar. */
export function DateField(props: FieldProps) {
  const common = useCommon(props);
  const format = String(props.schema.format ?? '');
  const type = format === 'date' || props.schema['ui:widget'] === 'date' ? 'date' : format === 'time' ? 'time' : 'datetime-local';
  const text = asText(props.value);
  const change = (next: string) => props.onChange(type === 'datetime-local' && next !== '' ? new Date(next).toISOString() : orNull(next));
  return <TextInput {...common} type={type} value={type === 'datetime-local' ? localOf(text) : text} onChange={(event) => change(event.currentTarget.value)} maw={240} />;
}

/** A moment as the clock on the wall shows it. */
function localOf(iso: string): string {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return '';
  const two = (n: number) => String(n).padStart(2, '0');
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}T${two(time.getHours())}:${two(time.getMinutes())}`;
}
