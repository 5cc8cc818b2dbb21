import { Button, Modal, SegmentedControl, Tabs } from '@mantine/core';
import { useSuspenseQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useBlocker } from '@tanstack/react-router';
import { useRef, useState } from 'react';
import { blueprintQuery, replaceBlueprint } from '~/api/blueprints';
import type { CodeEditorHandle } from '~/kit/CodeEditor';
import { Explained } from '~/kit/Explained';
import { Mono } from '~/kit/Mono';
import { Page } from '~/kit/Page';
import { ProblemLine } from '~/kit/Problem';
import { placeOf } from '~/lib/jsonText';
import { Allowed } from '~/parts/Allowed';
import { BlueprintIcon } from '~/parts/BlueprintIcon';
import { useBlueprint, useDocumentTitle } from '~/parts/model';
import { useWhyNot } from '~/parts/session';
import { useChange } from '~/parts/useChange';
import { EditingContext } from './context';
import { text } from './draft';
import classes from './editor.module.css';
import { Effect, harm, summary } from './Effect';
import { Forms } from './Forms';
import { JsonSide } from './JsonSide';
import type { EditorTab } from './search';
import { useDraft, type Draft } from './useDraft';

const route = getRouteApi('/_in/model/$blueprint');

/** Where values of an entity are shown. */
const derivedTabs = new Set(['mirrors', 'calculations', 'aggregations']);

/** One blueprint: its form and its JSON side by side, and what saving would do. */
export function EditorPage() {
  const { blueprint } = route.useParams();
  // another blueprint has another draft
  return <Editor key={blueprint} blueprint={blueprint} />;
}

function Editor({ blueprint }: { blueprint: string }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { data: stored } = useSuspenseQuery(blueprintQuery(blueprint));
  const known = useBlueprint(blueprint);
  const why = useWhyNot('UpdateBlueprint');
  const draft = useDraft(blueprint, stored, search.entity, derivedTabs.has(search.tab ?? ''));
  const editor = useRef<CodeEditorHandle>(null);
  const documentTitle = useDocumentTitle(text(stored.title) || blueprint, 'Data model');
  const setEntity = (entity: string | undefined) => void navigate({ search: (old) => ({ ...old, entity }), replace: true });
  const side = search.side ?? 'form';
  const show = (pointer: string) => {
    void navigate({ search: (old) => ({ ...old, side: 'json' }), replace: true });
    const { from, to } = placeOf(draft.read, pointer);
    editor.current?.show(from, to);
  };
  return (
    <EditingContext value={{ blueprint, stored, draft, why, entity: draft.entity, setEntity }}>
      <Page
        fill
        documentTitle={documentTitle}
        icon={<BlueprintIcon blueprint={blueprint} icon={text(stored.icon)} size={18} />}
        title={text(draft.body.title) || blueprint}
        subtitle={
          <>
            <Link to="/model" className={classes.link}>
              Data model
            </Link>{' '}
            · <Mono>{blueprint}</Mono>
            {known && (
              <>
                {' · '}
                <Link to="/catalog/$blueprint" params={{ blueprint }} className={classes.link}>
                  {known.count === 1 ? '1 entity' : `${known.count} entities`}
                </Link>
              </>
            )}
          </>
        }
        actions={
          <Allowed action="DeleteBlueprint">
            <Button variant="default" onClick={() => void navigate({ to: '/model', search: { remove: blueprint } })}>
              Delete…
            </Button>
          </Allowed>
        }
      >
        {why !== undefined && <ProblemLine level="warning" message={`You can look, and change nothing: ${why}`} />}
        <div className={classes.sides} data-side={side}>
          <SegmentedControl
            className={classes.switch}
            data={[
              { value: 'form', label: 'Form' },
              { value: 'json', label: 'JSON' },
            ]}
            value={side}
            onChange={(next) => void navigate({ search: (old) => ({ ...old, side: next === 'json' ? 'json' : undefined }), replace: true })}
            aria-label="What is shown"
          />
          <div className={classes.form}>
            {!draft.legible && <ProblemLine level="error" message="The JSON is not valid: the form shows what it was before. Mend it or discard it." />}
            <Tabs value={search.tab ?? 'properties'} onChange={(tab) => void navigate({ search: (old) => ({ ...old, tab: tab as EditorTab }), replace: true })} keepMounted={false}>
              <Forms />
            </Tabs>
          </div>
          <div className={classes.json}>
            <JsonSide handle={editor} />
          </div>
        </div>
        <SaveBar blueprint={blueprint} draft={draft} why={why} onPlace={show} />
        <Leaving dirty={draft.dirty} />
      </Page>
    </EditingContext>
  );
}

interface SaveBarProps {
  blueprint: string;
  draft: Draft;
  why: string | undefined;
  onPlace: (pointer: string) => void;
}

/** What would happen, and the buttons for it. */
function SaveBar({ blueprint, draft, why, onPlace }: SaveBarProps) {
  const [open, setOpen] = useState(false);
  const [asking, setAsking] = useState(false);
  const save = useChange(
    () => replaceBlueprint(blueprint, draft.body),
    () => {
      draft.discard();
      setAsking(false);
      setOpen(false);
    },
  );
  const { preview, previewError, current, dirty, legible } = draft;
  if (!dirty) return null;
  const refused = !legible || preview?.problems.some(({ level }) => level === 'error');
  const ready = !refused && preview !== undefined && current;
  const told = preview && legible ? summary(preview) : undefined;
  return (
    <div className={classes.bar} role="region" aria-label="Effect of the change">
      {open && preview && legible && <Effect blueprint={blueprint} preview={preview} onPlace={onPlace} />}
      {(save.error ?? previewError) && <ProblemLine level="error" message={(save.error ?? previewError)?.message ?? ''} />}
      <div className={classes.barLine}>
        <div className={classes.told} aria-live="polite">
          {told ? (
            <button type="button" className={classes.toldButton} data-tone={told.tone} aria-expanded={open} onClick={() => setOpen(!open)}>
              <told.icon size={15} aria-hidden /> {told.text} <span className="sd-dim">{open ? 'hide' : 'details'}</span>
            </button>
          ) : (
            <span className="sd-dim">{legible ? 'Looking at the effect…' : 'The JSON is not valid.'}</span>
          )}
        </div>
        <Button variant="default" onClick={draft.discard}>
          Discard
        </Button>
        <Explained why={why}>
          <Button disabled={!ready} loading={save.isPending} onClick={() => (harm(preview) ? setAsking(true) : save.mutate(undefined))}>
            Save
          </Button>
        </Explained>
      </div>
      <Modal opened={asking} onClose={() => setAsking(false)} title="Save all the same?" size="lg">
        {preview && <Effect blueprint={blueprint} preview={preview} />}
        <div className={classes.modalButtons}>
          <Button variant="default" onClick={() => setAsking(false)} data-autofocus>
            Back
          </Button>
          <Button color="red" loading={save.isPending} onClick={() => save.mutate(undefined)}>
            Save
          </Button>
        </div>
      </Modal>
    </div>
  );
}

/** Nobody loses a draft by a click elsewhere. */
function Leaving({ dirty }: { dirty: boolean }) {
  const { proceed, reset, status } = useBlocker({
    shouldBlockFn: ({ current, next }) => dirty && current.pathname !== next.pathname,
    enableBeforeUnload: () => dirty,
    withResolver: true,
  });
  return (
    <Modal opened={status === 'blocked'} onClose={() => reset?.()} title="Leave without saving?">
      <p>What you have changed here is not stored yet.</p>
      <div className={classes.modalButtons}>
        <Button variant="default" onClick={() => reset?.()} data-autofocus>
          Stay
        </Button>
        <Button color="red" onClick={() => proceed?.()}>
          Leave
        </Button>
      </div>
    </Modal>
  );
}
