import { TagsInput, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import { Markdown } from '~/parts/Markdown';
import classes from '../form.module.css';
import { optionsOf, typeOf, type FieldProps } from '../types';
import { asList, asText, orNull, useCommon } from './values';

const kinds: Record<string, { type: string; placeholder?: string }> = {
  url: { type: 'url', placeholder: 'https://' },
  uri: { type: 'url', placeholder: 'https://' },
  email: { type: 'email' },
};

export function TextField(props: FieldProps) {
  const common = useCommon(props);
  const { format } = props.schema;
  const kind = kinds[String(format)];
  return (
    <TextInput
      {...common}
      type={kind?.type}
      // what the browser would say, the form says in its own words
      placeholder={common.placeholder ?? kind?.placeholder}
      value={asText(props.value)}
      onChange={(event) => props.onChange(orNull(event.currentTarget.value))}
    />
  );
}

export function LongTextField(props: FieldProps) {
  const common = useCommon(props);
  const [shown, setShown] = useState(false);
  const text = asText(props.value);
  const rows = Number(optionsOf(props.schema).rows) || 3;
  return (
    <div>
      <Textarea {...common} autosize minRows={rows} maxRows={18} value={text} onChange={(event) => props.onChange(orNull(event.currentTarget.value))} />
      {props.schema.format === 'markdown' && text !== '' && (
        <div className={classes.preview}>
          <button type="button" className={classes.plain} aria-expanded={shown} onClick={() => setShown(!shown)}>
            {shown ? 'Hide what it looks like' : 'Show what it looks like'}
          </button>
          {shown && <Markdown source={text} />}
        </div>
      )}
    </div>
  );
}

/** A list of plain words or numbers: Enter or a comma adds one. */
export function WordsField(props: FieldProps) {
  const common = useCommon(props);
  const items = props.schema.items ?? {};
  const isNumber = typeOf(items) === 'number' || typeOf(items) === 'integer';
  const change = (list: string[]) => props.onChange(isNumber ? list.map(Number).filter((one) => !Number.isNaN(one)) : list);
  return (
    <TagsInput
      {...common}
      placeholder={asList(props.value).length > 0 ? undefined : (common.placeholder ?? 'Write one and press Enter')}
      value={asList(props.value)}
      onChange={change}
      maxTags={typeof props.schema.maxItems === 'number' ? props.schema.maxItems : undefined}
      allowDuplicates={props.schema.uniqueItems !== true}
      // what stands in the field when it is left belongs to the list
      acceptValueOnBlur
    />
  );
}
