import { Button, Tabs } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useMemo, useRef, useState } from 'react';
import { sendDocuments } from '~/api/queries';
import { templateCheckQuery, templateTextQuery, type TemplateProblem } from '~/api/templates';
import { CodeEditor, type CodeEditorHandle } from '~/kit/CodeEditor';
import { Explained } from '~/kit/Explained';
import { Empty, Page, Waiting } from '~/kit/Page';
import { ProblemLine } from '~/kit/Problem';
import { offsetOf, wordAt } from '~/lib/jsonText';
import { count } from '~/lib/text';
import { SchemaForm } from '~/parts/form/SchemaForm';
import type { FormPage, Values } from '~/parts/form/types';
import { useDocumentTitle } from '~/parts/model';
import { useWhyNot } from '~/parts/session';
import { useChange } from '~/parts/useChange';
import { example } from './example';
import classes from './templates.module.css';
import { Trial } from './Trial';

const route = getRouteApi('/_in/templates');

/** Typing asks the server when it pauses. */
const pause = 400;

/** Writes a template: its text, what is wrong with it, its form as people will see it, and a trial that touches nothing. */
export function TemplatesPage() {
  const { ref } = route.useSearch();
  const { data, error } = useQuery(templateTextQuery(ref));
  const documentTitle = useDocumentTitle('Template editor');
  if (ref && !data) {
    return (
      <Page documentTitle={documentTitle} title="Template editor">
        {error ? <Empty title="This template cannot be opened.">{error.message}</Empty> : <Waiting />}
      </Page>
    );
  }
  return <Editor key={ref} start={data ?? example} />;
}

function Editor({ start }: { start: string }) {
  const { tab = 'form' } = route.useSearch();
  const navigate = route.useNavigate();
  const [text, setText] = useState(start);
  const [settled] = useDebouncedValue(text, pause);
  const { data: check, error } = useQuery(templateCheckQuery(settled));
  const [values, setValues] = useState<Values>({});
  const [secrets, setSecrets] = useState<Record<string, string>>({});
  const editor = useRef<CodeEditorHandle>(null);
  const problems = check?.problems ?? [];
  const diagnostics = useMemo(() => problems.map(({ line, column, message, severity }) => ({ ...wordAt(text, offsetOf(text, line, column)), message, severity })), [problems, text]);
  const pages = useMemo(() => (check?.form?.steps ?? []).map(({ title, description, schema }): FormPage => ({ title, description, schema })), [check?.form]);
  const mend = ({ fix }: TemplateProblem) => fix && setText((old) => inserted(old, fix.line, fix.text));
  const bad = problems.filter(({ severity }) => severity === 'error').length;
  return (
    <Page
      fill
      documentTitle={useDocumentTitle('Template editor')}
      title="Template editor"
      subtitle={check ? (problems.length === 0 ? 'Nothing is wrong with it.' : `${count(bad, 'error')}, ${count(problems.length - bad, 'warning')}`) : 'Being checked…'}
      actions={<Add text={text} reference={check?.ref ?? undefined} bad={bad} />}
    >
      <div className={classes.columns}>
        <div className={classes.editor}>
          <CodeEditor value={text} onChange={setText} language="yaml" label="The template" diagnostics={diagnostics} handle={editor} height="100%" />
          <div className={classes.problems} role="region" aria-label="Problems" tabIndex={0}>
            {error && <ProblemLine level="error" message={error.message} />}
            {problems.map((problem, i) => (
              <ProblemLine key={i} level={problem.severity} message={problem.message}>
                <button type="button" className={classes.plain} onClick={() => show(editor.current, text, problem)}>
                  line {problem.line}
                </button>
                {problem.fix && (
                  <>
                    {' · '}
                    <button type="button" className={classes.plain} onClick={() => mend(problem)}>
                      {problem.fix.title}
                    </button>
                  </>
                )}
              </ProblemLine>
            ))}
          </div>
        </div>
        <Tabs value={tab} onChange={(next) => void navigate({ search: (old) => ({ ...old, tab: next === 'try' ? 'try' : undefined }), replace: true })} keepMounted={false} className={classes.side}>
          <Tabs.List>
            <Tabs.Tab value="form">Form</Tabs.Tab>
            <Tabs.Tab value="try">Try it</Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value="form" className={classes.panel}>
            {pages.length > 0 ? <Preview key={pages.length} pages={pages} values={values} onValues={setValues} secrets={secrets} onSecrets={setSecrets} onDone={() => void navigate({ search: (old) => ({ ...old, tab: 'try' }), replace: true })} /> : <Empty title="There is no form.">{check ? 'What is written asks for nothing, or cannot be read.' : ''}</Empty>}
          </Tabs.Panel>
          <Tabs.Panel value="try" className={classes.panel}>
            <Trial text={text} unreadable={!check?.template} values={values} secrets={secrets} form={check?.form ?? null} />
          </Tabs.Panel>
        </Tabs>
      </div>
    </Page>
  );
}

interface PreviewProps {
  pages: FormPage[];
  values: Values;
  onValues: (values: Values) => void;
  secrets: Record<string, string>;
  onSecrets: (secrets: Record<string, string>) => void;
  onDone: () => void;
}

/** The form as people will see it; what is filled in is what a trial is given. */
function Preview({ onDone, ...form }: PreviewProps) {
  const [at, setAt] = useState(0);
  return (
    <SchemaForm
      {...form}
      at={at}
      onAt={setAt}
      quiet
      labels={{ submit: 'Try it with this' }}
      onSubmit={(values) => {
        form.onValues(values);
        onDone();
      }}
    />
  );
}

/** Takes the template into the catalog, as a document of its own. */
function Add({ text, reference, bad }: { text: string; reference: string | undefined; bad: number }) {
  const why = useWhyNot('HandOverDocuments');
  const navigate = route.useNavigate();
  const add = useChange(
    () => sendDocuments(text, false),
    (result) => {
      if (result.rejected.length === 0 && reference) void navigate({ to: '/self-service/$kind/$id', params: { kind: 'template', id: reference }, search: {} });
    },
  );
  const refused = add.data?.rejected[0]?.message ?? add.error?.message;
  return (
    <>
      {refused && <span className={classes.bad}>{refused}</span>}
      <Explained why={why ?? (bad > 0 ? 'Mend the errors first.' : undefined)}>
        <Button onClick={() => add.mutate(undefined)} loading={add.isPending}>
          Add to the catalog
        </Button>
      </Explained>
    </>
  );
}

function inserted(text: string, line: number, what: string): string {
  const lines = text.split('\n');
  lines.splice(line - 1, 0, what.replace(/\n$/, ''));
  return lines.join('\n');
}

function show(editor: CodeEditorHandle | null, text: string, { line, column }: TemplateProblem): void {
  const { from, to } = wordAt(text, offsetOf(text, line, column));
  editor?.show(from, to);
}
