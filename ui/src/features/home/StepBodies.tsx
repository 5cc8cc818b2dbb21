import { Button, Textarea } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { sendDocuments } from '~/api/queries';
import type { DocumentsResult } from '~/api/types';
import { Form } from '~/kit/Form';
import { ProblemLine } from '~/kit/Problem';
import { count } from '~/lib/text';
import { BlueprintTemplates } from '~/parts/BlueprintTemplates';
import classes from './home.module.css';

const example = `apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: hello-world
  description: The first entity of this portal.
spec:
  type: service
  lifecycle: experimental
  owner: guests
`;

/** A document as it stands in a repository: checked first, then taken in. */
export function PasteDocument() {
  const [text, setText] = useState('');
  const queries = useQueryClient();
  const send = useMutation({
    mutationFn: (dryRun: boolean) => sendDocuments(text, dryRun),
    onSuccess: ({ dryRun }) => (dryRun ? undefined : queries.invalidateQueries()),
  });
  const result = send.data;
  const ready = result?.dryRun === true && result.created.length + result.changed.length > 0;
  return (
    <Form
      narrow
      onSubmit={() => send.mutate(!ready)}
      error={send.error}
      buttons={
        <>
          <Button type="submit" loading={send.isPending} disabled={!text.trim()}>
            {ready ? 'Add it' : 'Check'}
          </Button>
          {!text && (
            <Button variant="subtle" onClick={() => setText(example)}>
              Insert an example
            </Button>
          )}
          <Button variant="subtle" component={Link} to="/documents">
            Many documents or files
          </Button>
        </>
      }
    >
      <Textarea
        label="Document"
        description="YAML or JSON. A catalog-info.yaml works as it is."
        autosize
        minRows={6}
        maxRows={16}
        spellCheck={false}
        classNames={{ input: classes.code }}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          send.reset();
        }}
      />
      <div aria-live="polite">{result && <Outcome result={result} />}</div>
    </Form>
  );
}

function Outcome({ result: { dryRun, created, changed, unchanged, rejected } }: { result: DocumentsResult }) {
  const kept = created.length + changed.length + unchanged.length;
  return (
    <>
      {kept > 0 && (
        <p>
          {dryRun ? 'This would add ' : 'Added: '}
          {count(created.length, 'entity', 'entities')}
          {changed.length > 0 && `, change ${changed.length}`}.
        </p>
      )}
      {rejected.map((one, i) => (
        <ProblemLine key={i} level="error" message={one.message} line={one.line} />
      ))}
    </>
  );
}

/** Blueprints that many organizations have, to begin with. */
export function OwnBlueprint() {
  return (
    <>
      <p>
        A blueprint says what a thing of yours has: services, environments, deployments, licences. Choose some and change them later, or{' '}
        <Link to="/model" search={{ create: true }}>
          begin with an empty one
        </Link>
        .
      </p>
      <BlueprintTemplates onDone={() => undefined} />
    </>
  );
}

/** People get a link each; no mail server is needed. */
export function InvitePeople() {
  return (
    <>
      <p>Each person gets a link, which you hand over as you like. With single sign-on configured, people come in by themselves.</p>
      <Button component={Link} to="/people" search={{ invite: true } as never} variant="default">
        Invite somebody
      </Button>
    </>
  );
}
