import { Alert, Button, Modal, Switch } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { changeEntity, rawQuery, readEntity } from '~/api/entity';
import type { Blueprint, EntityResult } from '~/api/types';
import { CodeEditor } from '~/kit/CodeEditor';
import { Waiting } from '~/kit/Page';
import { ProblemLine } from '~/kit/Problem';
import { count, words } from '~/lib/text';
import { asText } from '~/lib/values';
import { changedFields, changeOf, conflictsOf, draftOf, jsonOf, locksOf, readJson, type Draft } from './draft';
import { EditField } from './EditField';
import classes from './entity.module.css';

interface EditProps {
  data: EntityResult;
  blueprint: Blueprint | undefined;
  onClose: () => void;
}

/** A form and its JSON, side by side: each follows the other. */
export function Edit({ data, blueprint, onClose }: EditProps) {
  const { blueprint: of, identifier, title } = data.entity;
  const raw = useQuery({ ...rawQuery({ blueprint: of, identifier }), staleTime: 0, refetchOnWindowFocus: false });
  return (
    <Modal opened onClose={onClose} title={`Edit ${title}`} size="min(1180px, 96vw)">
      {raw.data ? <Editor data={data} blueprint={blueprint} port={raw.data.port as Record<string, unknown>} onClose={onClose} /> : <Waiting />}
    </Modal>
  );
}

function Editor({ data, blueprint, port, onClose }: EditProps & { port: Record<string, unknown> }) {
  const key = { blueprint: data.entity.blueprint, identifier: data.entity.identifier };
  const queries = useQueryClient();
  const [locks] = useState(() => locksOf(data, blueprint));
  const [base, setBase] = useState<Draft>(() => draftOf(port));
  const [draft, setDraft] = useState<Draft>(base);
  const [text, setText] = useState(() => jsonOf(base, locks));
  const [wrong, setWrong] = useState<string>();
  const [theirs, setTheirs] = useState<Draft>();
  const [showJson, setShowJson] = useState(() => window.innerWidth > 900);
  const [state, setState] = useState<{ busy?: boolean; error?: Error }>({});
  const changed = changedFields(base, draft);
  const set = (next: Draft) => {
    setDraft(next);
    setText(jsonOf(next, locks));
    setWrong(undefined);
  };
  const onText = (next: string) => {
    setText(next);
    try {
      setDraft(readJson(next, draft, locks));
      setWrong(undefined);
    } catch (error) {
      setWrong((error as Error).message);
    }
  };
  const save = async (from: Draft, mine: Draft) => {
    setState({ busy: true });
    try {
      const latest = draftOf(await readEntity(key));
      if (conflictsOf(from, mine, latest).length > 0) {
        setTheirs(latest);
        setState({});
        return;
      }
      await changeEntity(key, changeOf(from, mine));
      await queries.invalidateQueries();
      onClose();
    } catch (error) {
      setState({ error: error as Error });
    }
  };
  const conflicts = theirs ? conflictsOf(base, draft, theirs) : [];
  const keepMine = () => {
    if (!theirs) return;
    // what I did, upon what is there now
    const mine = { ...theirs, ...Object.fromEntries(changed.map((field) => [field, draft[field]])) };
    setBase(theirs);
    setTheirs(undefined);
    set(mine);
    void save(theirs, mine);
  };
  const takeTheirs = () => {
    if (!theirs) return;
    const mine = { ...theirs, ...Object.fromEntries(changed.filter((field) => !conflicts.includes(field)).map((field) => [field, draft[field]])) };
    setBase(theirs);
    setTheirs(undefined);
    set(mine);
  };
  const fields = fieldsOf(draft, blueprint);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void save(base, draft);
      }}
    >
      {conflicts.length > 0 && theirs && (
        <Alert color="yellow" variant="light" title="Somebody has changed this meanwhile" mb={12}>
          <ul className={classes.conflicts}>
            {conflicts.map((field) => (
              <li key={field}>
                <strong>{words(field.replace(/^\w+\./, ''))}</strong>: is now {asText(theirs[field] ?? 'without a value')}; yours is {asText(draft[field] ?? 'without a value')}
              </li>
            ))}
          </ul>
          <div className={classes.conflictButtons}>
            <Button size="compact-xs" onClick={keepMine}>
              Save mine
            </Button>
            <Button size="compact-xs" variant="default" onClick={takeTheirs}>
              Take theirs
            </Button>
          </div>
        </Alert>
      )}
      <div className={classes.editor} data-json={showJson || undefined}>
        <div className={classes.form}>
          {fields.map(({ field, ...rest }) => (
            <EditField key={field} {...rest} value={draft[field]} lock={locks[field]} onChange={(value) => set({ ...draft, [field]: value })} />
          ))}
        </div>
        {showJson && (
          <div className={classes.json}>
            <CodeEditor label="The entity as JSON" language="json" value={text} onChange={onText} height="min(56vh, 640px)" />
            {wrong && <ProblemLine level="error" message={wrong} />}
          </div>
        )}
      </div>
      {state.error && <ProblemLine level="error" message={state.error.message} />}
      <div className={classes.editButtons}>
        <Switch size="xs" label="JSON" checked={showJson} onChange={(event) => setShowJson(event.currentTarget.checked)} />
        <span className="sd-dim" role="status">
          {changed.length === 0 ? 'Nothing is changed yet.' : `${count(changed.length, 'field')} changed`}
        </span>
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" loading={state.busy} disabled={changed.length === 0 || wrong !== undefined}>
          Save
        </Button>
      </div>
    </form>
  );
}

/** The fields in the blueprint's order: what it declares, and what is there besides. */
function fieldsOf(draft: Draft, blueprint: Blueprint | undefined) {
  const declared = blueprint?.properties ?? {};
  const others = Object.keys(draft).filter((field) => field.startsWith('properties.') && !(field.slice(11) in declared));
  return [
    { field: 'title', label: 'Title', definition: { type: 'string' } },
    { field: 'icon', label: 'Icon', definition: { type: 'string' } },
    { field: 'team', label: 'Teams', definition: { type: 'array', items: { type: 'string', format: 'team' } } },
    ...Object.entries(declared).map(([key, definition]) => ({ field: `properties.${key}`, label: definition.title || words(key), definition })),
    ...others.map((field) => ({ field, label: words(field.slice(11)), definition: {} })),
    ...Object.entries(blueprint?.relations ?? {}).map(([key, { title, target, many, required }]) => ({
      field: `relations.${key}`,
      label: title || words(key),
      definition: {},
      relation: { target, many, required },
    })),
  ];
}
