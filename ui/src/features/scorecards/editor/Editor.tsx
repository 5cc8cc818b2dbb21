import { Button } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useRef, useState } from 'react';
import { discardDraft, publishDraft, putDraft, scorecardPreviewQuery, type Key, type Scorecard, type ScorecardDefinition } from '~/api/scorecards';
import { createScorecard } from '~/api/standards';
import { CodeEditor, type CodeEditorHandle } from '~/kit/CodeEditor';
import { Confirm } from '~/kit/Confirm';
import { Explained } from '~/kit/Explained';
import { Page } from '~/kit/Page';
import { ProblemLine } from '~/kit/Problem';
import { placeOf, readJson } from '~/lib/jsonText';
import { count } from '~/lib/text';
import { useCatalogBlueprints, useDocumentTitle } from '~/parts/model';
import { useChange } from '~/parts/useChange';
import { whyNot } from '../why';
import { freshDefinition, identifierOf } from './definition';
import { DefinitionForm } from './DefinitionForm';
import classes from './editor.module.css';
import { Preview } from './Preview';

/** Typing asks the server when it pauses. */
const pause = 400;

interface EditorProps {
  /** Absent: a new one. */
  scorecard?: Scorecard;
  /** Tells which one has been kept, and whether it counts from now on. */
  onClose: (kept?: Key, published?: boolean) => void;
}

const stamps = new Set(['id', 'blueprint', 'createdAt', 'createdBy', 'updatedAt', 'updatedBy']);
const withoutStamps = (definition: ScorecardDefinition): ScorecardDefinition => Object.fromEntries(Object.entries(definition).filter(([key]) => !stamps.has(key)));

/** A scorecard by form and as JSON, beside what it would do to everything that there is. */
export function Editor({ scorecard, onClose }: EditorProps) {
  const blueprints = useCatalogBlueprints();
  const [blueprint, setBlueprint] = useState(() => scorecard?.blueprint ?? blueprints.toSorted((a, b) => b.count - a.count)[0]?.identifier ?? '');
  const [definition, setDefinition] = useState(() => (scorecard ? withoutStamps(scorecard.draftDefinition ?? scorecard.definition) : freshDefinition()));
  const [typed, setTyped] = useState<string>();
  const [entity, setEntity] = useState<string>();
  const code = useRef<CodeEditorHandle>(null);
  const text = typed ?? JSON.stringify(definition, null, 2);
  const read = useMemo(() => readJson(text), [text]);
  const [asked] = useDebouncedValue(definition, pause);
  const preview = useQuery({ ...scorecardPreviewQuery(blueprint, asked, entity), enabled: blueprint !== '' });
  const name = String(definition.title || definition.identifier || 'New scorecard');
  const key = { blueprint, scorecard: scorecard?.identifier ?? identifierOf(definition) };
  const kept = { blueprint, scorecard: identifierOf(definition) };
  const saveDraft = useChange(() => putDraft(key, { ...definition, identifier: definition.identifier ?? key.scorecard }), () => onClose(key));
  const publish = useChange(() => (scorecard ? putDraft(key, definition).then(() => publishDraft(key)) : createScorecard(blueprint, { ...definition, identifier: identifierOf(definition) })), () => onClose(kept, true));
  const change = (next: ScorecardDefinition) => {
    setDefinition(next);
    setTyped(undefined);
    publish.reset();
    saveDraft.reset();
  };
  const type = (json: string) => {
    setTyped(json);
    const { value } = readJson(json);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) setDefinition(value as ScorecardDefinition);
  };
  const current = asked === definition && !preview.isPlaceholderData;
  const problems = useMemo(() => preview.data?.problems ?? [], [preview.data]);
  const diagnostics = useMemo(() => (read.error ? [read.error] : current ? problems.map(({ path, message }) => ({ ...placeOf(read, path), message })) : []), [read, current, problems]);
  const show = (pointer: string) => {
    const { from, to } = placeOf(read, pointer);
    code.current?.show(from, to);
  };
  const why = read.error ? 'The JSON is not complete.' : identifierOf(definition) === '' ? 'It needs a title first.' : current && problems.length > 0 ? `${count(problems.length, 'problem')} to mend first.` : undefined;
  const error = publish.error ?? saveDraft.error;
  return (
    <Page
      fill
      documentTitle={useDocumentTitle(name)}
      title={name}
      subtitle={scorecard?.draftDefinition ? 'The draft. Only those who may publish it see it.' : scorecard ? 'Nothing changes before it is published.' : 'A new scorecard'}
      actions={
        <>
          <Button variant="subtle" color="gray" onClick={() => onClose()}>
            Close
          </Button>
          {scorecard?.draftDefinition && (
            <Confirm label="Discard…" title="Discard the draft?" confirm="Discard it" run={() => discardDraft(key).then(() => onClose())} why={whyNot(scorecard.may.update)}>
              {scorecard.published ? 'The published scorecard stays as it is.' : 'It was never published: nothing remains of it.'}
            </Confirm>
          )}
          {(scorecard || blueprint) && (
            <Explained why={whyNot(scorecard?.may.update) ?? (read.error ? 'The JSON is not complete.' : key.scorecard === '' ? 'It needs a title first.' : undefined)}>
              <Button variant="default" loading={saveDraft.isPending} onClick={() => saveDraft.mutate(undefined)}>
                Keep as a draft
              </Button>
            </Explained>
          )}
          <Explained why={whyNot(scorecard?.may.publish) ?? why}>
            <Button loading={publish.isPending} onClick={() => publish.mutate(undefined)}>
              Publish
            </Button>
          </Explained>
        </>
      }
    >
      <div aria-live="assertive">{error && <ProblemLine level="error" message={error.message} />}</div>
      <div className={classes.columns}>
        <div className={classes.formSide} role="group" aria-label="Form">
          <DefinitionForm blueprint={blueprint} onBlueprint={scorecard ? undefined : setBlueprint} definition={definition} onChange={change} />
        </div>
        <div className={classes.otherSide}>
          <div className={classes.previewSide} role="region" aria-label="Preview" tabIndex={0} aria-busy={preview.isPending}>
            <Preview blueprint={blueprint} isNew={!scorecard?.published} definition={asked} preview={preview.data} error={preview.error} entity={entity} onEntity={setEntity} onPlace={show} />
          </div>
          <div className={classes.jsonSide}>
            <CodeEditor value={text} onChange={type} language="json" label="The scorecard as JSON" height="100%" diagnostics={diagnostics} handle={code} />
          </div>
        </div>
      </div>
    </Page>
  );
}
