import { useDebouncedCallback } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { translateQuery } from '~/api/rules';
import { CodeEditor, type CodeDiagnostic, type Complete } from '~/kit/CodeEditor';
import { ProblemLine } from '~/kit/Problem';
import classes from './editor.module.css';

interface QueryFieldProps {
  label: string;
  /** The blueprint whose entities are searched. */
  blueprint: string;
  rules: unknown;
  onChange: (rules: unknown) => void;
}

/** Search rules, written as a query. */
export function QueryField({ label, blueprint, rules, onChange }: QueryFieldProps) {
  const [written, setWritten] = useState<string>();
  const [diagnostics, setDiagnostics] = useState<CodeDiagnostic[]>();
  const stored = useQuery({
    queryKey: ['query-text', blueprint, rules],
    queryFn: () => translateQuery({ rules, blueprint }),
    enabled: rules !== undefined && rules !== null && written === undefined,
    retry: false,
  });
  const settle = useDebouncedCallback(async (text: string) => {
    if (text.trim() === '') return onChange(undefined);
    const { rules: read, problem, notes } = await translateQuery({ text, blueprint });
    setDiagnostics([...(problem ? [problem] : []), ...notes.map((note) => ({ ...note, severity: 'warning' as const }))]);
    if (!problem) onChange(read);
  }, 250);
  const complete = useMemo(() => completer(blueprint), [blueprint]);
  return (
    <div>
      <div className={classes.label}>{label}</div>
      <CodeEditor
        singleLine
        language="query"
        label={label}
        value={written ?? stored.data?.text ?? ''}
        placeholder="all of them; or: status = open and $updatedAt in @lastWeek"
        diagnostics={diagnostics}
        complete={complete}
        onChange={(next) => {
          setWritten(next);
          setDiagnostics(undefined);
          settle(next);
        }}
      />
      {stored.error && <ProblemLine level="warning" message={`It cannot be shown as text: ${stored.error.message} Change it in the JSON.`} />}
    </div>
  );
}

function completer(blueprint: string): Complete {
  return async (text, cursor) => {
    const { completions } = await translateQuery({ text, blueprint, cursor });
    if (!completions) return null;
    return { from: completions.from, options: completions.items.map(({ insert, detail }) => ({ label: insert, detail: detail ?? undefined })) };
  };
}
