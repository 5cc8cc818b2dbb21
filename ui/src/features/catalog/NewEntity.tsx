import { Button, Modal, Switch, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { ApiError } from '~/api/client';
import { createEntity } from '~/api/newEntity';
import type { Blueprint } from '~/api/types';
import { CodeEditor } from '~/kit/CodeEditor';
import { ProblemLine } from '~/kit/Problem';
import { words } from '~/lib/text';
import { ValueInput } from '~/parts/ValueInput';
import classes from './catalog.module.css';
import { bodyOf, fieldOfMessage, readBody, type NewBody } from './newBody';

interface NewEntityProps {
  blueprint: Blueprint;
  onClose: () => void;
}

/** A new entity by a form that is made from its blueprint, or as JSON. What the server says is wrong stands at its field. */
export function NewEntity({ blueprint, onClose }: NewEntityProps) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [body, setBody] = useState<NewBody>({ identifier: '', title: '', properties: {}, relations: {} });
  const [text, setText] = useState('');
  const [json, setJson] = useState(false);
  const [state, setState] = useState<{ busy?: boolean; error?: string; field?: string; valid?: boolean }>({});
  const set = (next: NewBody) => {
    setBody(next);
    setText(JSON.stringify(bodyOf(next), null, 2));
    setState({});
  };
  const onText = (next: string) => {
    setText(next);
    try {
      setBody(readBody(next));
      setState({});
    } catch (error) {
      setState({ error: (error as Error).message });
    }
  };
  const send = async (only: boolean) => {
    setState({ busy: true });
    try {
      const { identifier } = await createEntity(blueprint.identifier, bodyOf(body), only);
      if (only) return setState({ valid: true });
      await queries.invalidateQueries();
      onClose();
      await navigate({ to: '/entity/$blueprint', params: { blueprint: blueprint.identifier }, search: { id: identifier } });
    } catch (error) {
      const message = error instanceof ApiError ? error.message : String(error);
      setState({ error: message, field: fieldOfMessage(message) });
    }
  };
  const errorOf = (field: string) => (state.field === field ? state.error : undefined);
  const stored = Object.entries(blueprint.properties).filter(([, definition]) => !definition.derived);
  const required = new Set(blueprint.required);
  return (
    <Modal opened onClose={onClose} title={`New ${blueprint.title.toLowerCase()}`} size={json ? 'min(1100px, 96vw)' : 'lg'}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void send(false);
        }}
      >
        <div className={classes.new} data-json={json || undefined}>
          <div className={classes.fields}>
            <TextInput size="xs" label="Identifier" description={blueprint.shipped ? `As in ${blueprint.identifier}:default/name` : 'Made by the server when it is left out'} value={body.identifier} error={errorOf('identifier')} onChange={(event) => set({ ...body, identifier: event.currentTarget.value })} data-autofocus />
            <TextInput size="xs" label="Title" value={body.title} error={errorOf('title')} onChange={(event) => set({ ...body, title: event.currentTarget.value })} />
            {stored.map(([key, definition]) => (
              <ValueInput
                key={key}
                label={definition.title || words(key)}
                description={definition.description}
                required={required.has(key)}
                definition={definition}
                value={body.properties[key] ?? null}
                error={errorOf(`properties.${key}`)}
                onChange={(value) => set({ ...body, properties: { ...body.properties, [key]: value } })}
              />
            ))}
            {Object.entries(blueprint.relations).map(([key, relation]) => (
              <ValueInput
                key={key}
                label={relation.title || words(key)}
                required={relation.required}
                relation={relation}
                value={body.relations[key] ?? null}
                error={errorOf(`relations.${key}`)}
                onChange={(value) => set({ ...body, relations: { ...body.relations, [key]: value } })}
              />
            ))}
          </div>
          {json && (
            <div className={classes.json}>
              <CodeEditor label="The entity as JSON" language="json" value={text || JSON.stringify(bodyOf(body), null, 2)} onChange={onText} height="min(56vh, 560px)" />
            </div>
          )}
        </div>
        <div aria-live="assertive">{state.error && <ProblemLine level="error" message={state.error} />}</div>
        {state.valid && <p role="status">The server would take it.</p>}
        <div className={classes.buttons}>
          <Switch size="xs" label="JSON" checked={json} onChange={(event) => setJson(event.currentTarget.checked)} />
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button variant="default" disabled={state.busy} onClick={() => void send(true)}>
            Check
          </Button>
          <Button type="submit" loading={state.busy}>
            Create
          </Button>
        </div>
      </form>
    </Modal>
  );
}
