import { useState } from 'react';
import { CodeEditor } from '~/kit/CodeEditor';
import { readJson } from '~/lib/jsonText';
import classes from './editor.module.css';

interface QueryFieldProps {
  label: string;
  /** The blueprint whose entities are searched. */
  blueprint: string;
  rules: unknown;
  onChange: (rules: unknown) => void;
}

/** Search rules as JSON. */
export function QueryField({ label, rules, onChange }: QueryFieldProps) {
  const [written, setWritten] = useState<string>();
  const stored = rules === undefined || rules === null ? '' : JSON.stringify(rules, null, 2);
  const text = written ?? stored;
  const { error } = text.trim() === '' ? {} : readJson(text);
  return (
    <div>
      <div className={classes.label}>{label}</div>
      <CodeEditor
        language="json"
        label={label}
        value={text}
        height="auto"
        placeholder='{"combinator": "and", "rules": []}'
        diagnostics={error ? [error] : undefined}
        onChange={(next) => {
          setWritten(next);
          if (next.trim() === '') return onChange(undefined);
          const read = readJson(next);
          if (!read.error) onChange(read.value);
        }}
      />
    </div>
  );
}
