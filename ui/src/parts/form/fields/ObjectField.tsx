import { Fieldset, TextInput } from '@mantine/core';
import { Fields } from '../Fields';
import classes from '../form.module.css';
import { isObject, type FieldProps, type Values } from '../types';
import { asText, orNull, useCommon } from './values';

/** Fields within a field. */
export function ObjectField({ path, label, description, schema, value, onChange, error }: FieldProps) {
  return (
    <Fieldset legend={label} className={classes.group}>
      {description && <p className="sd-dim">{description}</p>}
      <Fields schema={schema} path={path} value={isObject(value) ? value : {}} onChange={onChange} />
      {error && <p className={classes.bad}>{error}</p>}
    </Fieldset>
  );
}

/** An address with words for it. */
export function LinkField(props: FieldProps) {
  const { label, description, error, withAsterisk, ...common } = useCommon(props);
  const link: Values = isObject(props.value) ? props.value : {};
  const put = (key: string, text: string) => {
    const next = { ...link, [key]: orNull(text) };
    props.onChange(next.url || next.displayText ? next : null);
  };
  return (
    <Fieldset legend={label} className={classes.group}>
      {description && <p className="sd-dim">{description}</p>}
      <div className={classes.pair}>
        <TextInput {...common} label="Address" type="url" placeholder="https://" withAsterisk={withAsterisk} error={error} value={asText(link.url)} onChange={(event) => put('url', event.currentTarget.value)} />
        <TextInput {...common} id={`${common.id}/text`} label="Text" autoFocus={false} value={asText(link.displayText)} onChange={(event) => put('displayText', event.currentTarget.value)} />
      </div>
    </Fieldset>
  );
}
