import { Button, FileButton } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useMemo, useRef, useState } from 'react';
import { sendDocuments } from '~/api/queries';
import { CodeEditor, type CodeEditorHandle } from '~/kit/CodeEditor';
import { Explained } from '~/kit/Explained';
import { Page } from '~/kit/Page';
import { ProblemLine } from '~/kit/Problem';
import { offsetOf, wordAt } from '~/lib/jsonText';
import { count } from '~/lib/text';
import { useDocumentTitle } from '~/parts/model';
import { useWhyNot } from '~/parts/session';
import classes from './documents.module.css';
import { example } from './example';
import { documentsIn, readFiles } from './files';
import { Results } from './Results';

/** Takes documents as text: checked first, applied when that looks right. */
export function DocumentsPage() {
  const [text, setText] = useState('');
  const [unread, setUnread] = useState<string>();
  const open = (files: File[]) => {
    setUnread(files.length === 0 ? 'There is no YAML or JSON file in it.' : undefined);
    if (files.length > 0) readFiles(files).then(setText, (error: Error) => setUnread(error.message));
  };
  const why = useWhyNot('HandOverDocuments');
  const area = useRef<CodeEditorHandle>(null);
  const queries = useQueryClient();
  const { mutate, data, error, variables, isPending } = useMutation({
    mutationFn: ({ body, dryRun }: { body: string; dryRun: boolean }) => sendDocuments(body, dryRun),
    onSuccess: (result) => (result.dryRun ? undefined : queries.invalidateQueries()),
  });
  // an answer belongs to the text that it was given for
  const current = variables?.body === text;
  const result = current ? data : undefined;
  const diagnostics = useMemo(
    () => result?.rejected.map(({ line, column, message }) => ({ ...wordAt(text, offsetOf(text, line || 1, column || 1)), message })),
    [result, text],
  );
  const show = (line: number, column: number) => {
    const { from, to } = wordAt(text, offsetOf(text, line, column || 1));
    area.current?.show(from, to);
  };
  const changes = result?.dryRun ? result.created.length + result.changed.length : 0;
  const check = () => {
    if (text.trim() && !isPending && why === undefined) mutate({ body: text, dryRun: true });
  };
  return (
    <Page
      fill
      documentTitle={useDocumentTitle('Add documents')}
      title="Add documents"
      subtitle="YAML or JSON, one document or many. A catalog-info.yaml works as it is."
      actions={
        <>
          {!text && (
            <Button variant="subtle" color="gray" onClick={() => setText(example)}>
              Insert an example
            </Button>
          )}
          <FileButton multiple onChange={(files) => open(documentsIn(files))} inputProps={{ webkitdirectory: '', 'aria-label': 'Folder' } as object}>
            {(props) => (
              <Button variant="default" {...props}>
                Open a folder…
              </Button>
            )}
          </FileButton>
          <FileButton multiple accept=".yaml,.yml,.json" onChange={open} inputProps={{ 'aria-label': 'Files' }}>
            {(props) => (
              <Button variant="default" {...props}>
                Open files…
              </Button>
            )}
          </FileButton>
        </>
      }
    >
      <div className={classes.columns}>
        <div className={classes.editor}>
          <CodeEditor
            handle={area}
            language={/^\s*[[{]/.test(text) ? 'json' : 'yaml'}
            value={text}
            onChange={setText}
            onSubmit={check}
            label="Documents"
            placeholder="apiVersion: backstage.io/v1alpha1"
            diagnostics={diagnostics}
          />
        </div>
        <div className={classes.outcome}>
          <div className={classes.buttons}>
            <Explained why={why}>
              <Button variant={changes > 0 ? 'default' : 'filled'} onClick={check} disabled={!text.trim() || isPending}>
                Check
              </Button>
            </Explained>
            <Explained why={why}>
              <Button
                variant={changes > 0 ? 'filled' : 'default'}
                disabled={changes === 0 || isPending}
                onClick={() => mutate({ body: text, dryRun: false })}
              >
                {changes > 0 ? `Apply ${count(changes, 'change')}` : 'Apply'}
              </Button>
            </Explained>
            {!result && <span className="sd-dim">{isPending ? 'Working…' : 'Check first; nothing is stored until you apply.'}</span>}
          </div>
          <div aria-live="polite">
            {unread !== undefined && <ProblemLine level="error" message={unread} />}
            {current && error && <ProblemLine level="error" message={error.message} />}
            {result && <Results result={result} onPlace={show} />}
          </div>
        </div>
      </div>
    </Page>
  );
}
