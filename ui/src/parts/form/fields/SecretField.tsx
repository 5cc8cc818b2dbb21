import { PasswordInput } from '@mantine/core';
import { useFormState } from '../context';
import { optionsOf, type FieldProps } from '../types';
import { asText, orNull, useCommon } from './values';

/** What nobody is to read over one's shoulder. The field `Secret` keeps it beside the values, which hold asterisks. */
export function SecretField(props: FieldProps) {
  const { autoComplete: _, ...common } = useCommon(props);
  const { secrets, setSecret } = useFormState();
  const aside = optionsOf(props.schema).field === 'Secret';
  const change = (next: string) => {
    if (aside) setSecret(props.name, next);
    props.onChange(orNull(aside ? '*'.repeat(next.length) : next));
  };
  return <PasswordInput {...common} autoComplete="new-password" value={aside ? (secrets[props.name] ?? '') : asText(props.value)} onChange={(event) => change(event.currentTarget.value)} />;
}
