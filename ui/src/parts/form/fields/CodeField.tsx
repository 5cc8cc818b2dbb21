import { Input } from '@mantine/core';
import { useState } from 'react';
import { CodeEditor } from '~/kit/CodeEditor';
import { useFormState } from '../context';
import { typeOf, type FieldProps } from '../types';
import { asText } from './values';

/** YAML as text, and whatever has no fields of its own as JSON. */
export function CodeField({ path, label, description, required, disabled, error, schema, value, onChange }: FieldProps) {
  const { touch } = useFormState();
  const isText = schema.format === 'yaml' && typeOf(schema) !== 'object' && typeOf(schema) !== 'array';
  const [text, setText] = useState(() => (isText ? asText(value) : value === undefined || value === null ? '' : JSON.stringify(value, null, 2)));
  const [problem, setProblem] = useState<string>();
  const change = (next: string) => {
    setText(next);
    touch(path);
    if (isText || next.trim() === '') {
      setProblem(undefined);
      onChange(next.trim() === '' ? null : next);
      return;
    }
    try {
      onChange(JSON.parse(next));
      setProblem(undefined);
    } catch (failure) {
      setProblem(`This is no JSON yet: ${(failure as Error).message}`);
    }
  };
  return (
    <Input.Wrapper label={label} description={description} error={problem ?? error} withAsterisk={required} size="xs" labelElement="div">
      <CodeEditor value={text} onChange={change} language={isText ? 'yaml' : 'json'} label={label} height="auto" readOnly={disabled} placeholder={isText ? undefined : typeOf(schema) === 'array' ? '[]' : '{}'} />
    </Input.Wrapper>
  );
}
