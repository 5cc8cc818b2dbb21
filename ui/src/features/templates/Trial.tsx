import { Button, FileButton } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { dryRun, type DryFile, type DryRun, type ParameterSchema } from '~/api/templates';
import { CodeBlock } from '~/kit/CodeBlock';
import { Mono } from '~/kit/Mono';
import { Section } from '~/kit/Page';
import { ProblemLine } from '~/kit/Problem';
import { count } from '~/lib/text';
import { withDefaults } from '~/parts/form/effective';
import type { Schema, Values } from '~/parts/form/types';
import classes from './templates.module.css';

interface TrialProps {
  text: string;
  /** It cannot be read as it is. */
  unreadable: boolean;
  form: ParameterSchema | null;
  values: Values;
  secrets: Record<string, string>;
}

/** Performs the steps as far as they touch nothing outside, and shows what would come of it. */
export function Trial({ text, unreadable, form, values, secrets }: TrialProps) {
  const [files, setFiles] = useState<DryFile[]>([]);
  const full = (form?.steps ?? []).reduce<Values>((sum, { schema }) => withDefaults(schema as Schema, sum) as Values, values);
  const given = Object.fromEntries(Object.entries(full).filter(([, value]) => value !== null));
  const trial = useMutation({ mutationFn: () => dryRun(text, given, secrets, files) });
  const open = (chosen: File[]) => void Promise.all(chosen.map(readFile)).then(setFiles);
  return (
    <>
      <p className="sd-dim">Nothing outside is touched: steps that would are left out. Values come from the form; files that stand beside the template can be given here.</p>
      <div className={classes.tools}>
        <Button onClick={() => trial.mutate()} loading={trial.isPending} disabled={unreadable}>
          Try it
        </Button>
        <FileButton multiple onChange={open} inputProps={{ webkitdirectory: '', 'aria-label': 'Folder beside the template' } as object}>
          {(props) => (
            <Button variant="default" {...props}>
              {files.length > 0 ? count(files.length, 'file') : 'Folder beside it…'}
            </Button>
          )}
        </FileButton>
      </div>
      <div aria-live="polite">
        {trial.error && <ProblemLine level="error" message={trial.error.message} />}
        {trial.data && <Result result={trial.data} />}
      </div>
    </>
  );
}

function Result({ result: { log, files, output, error } }: { result: DryRun }) {
  return (
    <>
      {error ? <ProblemLine level="error" message={error} /> : <p className={classes.fine}>It went through.</p>}
      <Section title="Log" aside={count(log.length, 'line')}>
        <ol className={classes.log} aria-label="Log of the trial">
          {log.map((line, i) => (
            <li key={i} data-status={line.status ?? undefined}>
              {line.message}
            </li>
          ))}
        </ol>
      </Section>
      <Section title="Files" aside={count(files.length, 'file')}>
        {files.length === 0 && <p className={classes.nothing}>It leaves no files.</p>}
        {files.map((file) => (
          <details key={file.path} className={classes.file}>
            <summary>
              <Mono>{file.path}</Mono>
            </summary>
            {file.content === null ? <p className={classes.nothing}>It is no text.</p> : <CodeBlock text={file.content} language={/\.ya?ml$/.test(file.path) ? 'yaml' : /\.json$/.test(file.path) ? 'json' : 'text'} label={file.path} maxHeight="320px" />}
          </details>
        ))}
      </Section>
      {typeof output === 'object' && output !== null && Object.keys(output).length > 0 && (
        <Section title="Output">
          <CodeBlock text={JSON.stringify(output, null, 2)} language="json" label="Output" maxHeight="260px" />
        </Section>
      )}
    </>
  );
}

/** Paths begin below the chosen folder. */
async function readFile(file: File): Promise<DryFile> {
  const path = (file.webkitRelativePath || file.name).split('/').slice(file.webkitRelativePath ? 1 : 0).join('/');
  return { path, content: await file.text() };
}
