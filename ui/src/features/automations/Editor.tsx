import { Button, Tabs } from '@mantine/core';
import { getRouteApi } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { createDefinition, deleteDefinition, putDefinition, withoutStamps, type Definition } from '~/api/definitions';
import { CodeEditor } from '~/kit/CodeEditor';
import { Confirm } from '~/kit/Confirm';
import { Page } from '~/kit/Page';
import { ProblemLine } from '~/kit/Problem';
import { slug } from '~/lib/text';
import { Allowed } from '~/parts/Allowed';
import { FormContext, type FormState } from '~/parts/form/context';
import { Fields } from '~/parts/form/Fields';
import { validate } from '~/parts/form/validate';
import { useDocumentTitle, useModel } from '~/parts/model';
import { useWhyNot } from '~/parts/session';
import { useChange } from '~/parts/useChange';
import classes from './automations.module.css';
import { fromForm, isAutomation, toForm } from './definition';
import { actionSchema, automationSchema } from './schema';
import { Try } from './Try';

const route = getRouteApi('/_in/actions');

interface EditorProps {
  start: Definition;
  isNew: boolean;
}

/** An action or automation by form and as JSON, beside what people will see and what would be sent. */
export function Editor({ start, isNew }: EditorProps) {
  const navigate = route.useNavigate();
  const { blueprints } = useModel();
  const [definition, setDefinition] = useState(() => withoutStamps(start));
  const [text, setText] = useState<string>();
  const [problem, setProblem] = useState<string>();
  const automation = isAutomation(definition);
  const name = String(definition.title || definition.identifier || (automation ? 'New automation' : 'New action'));
  const schema = useMemo(() => (automation ? automationSchema : actionSchema)(blueprints.map(({ identifier }) => identifier)), [automation, blueprints]);
  const values = useMemo(() => toForm(definition), [definition]);
  const [tried, setTried] = useState(false);
  const identifier = String(definition.identifier || slug(String(definition.title ?? '')));
  const errors = useMemo(() => ({ ...validate(schema, values), ...(identifier === '' && { '/title': 'It needs a title.' }) }), [schema, values, identifier]);
  const state = useMemo<FormState>(() => ({ errors: tried ? errors : {}, touch: () => undefined, values, root: schema, secrets: {}, setSecret: () => undefined }), [tried, errors, values, schema]);
  const close = () => void navigate({ search: {} });
  const save = useChange(() => (isNew ? createDefinition({ ...definition, identifier }) : putDefinition(String(start.identifier), definition)), close);
  const whyNoDelete = useWhyNot('DeleteAction');
  const change = (next: Definition) => {
    setDefinition(next);
    setText(undefined);
    setProblem(undefined);
    save.reset();
  };
  const type = (json: string) => {
    setText(json);
    try {
      const read: unknown = JSON.parse(json);
      if (typeof read !== 'object' || read === null || Array.isArray(read)) throw new Error('A definition is an object.');
      setDefinition(read as Definition);
      setProblem(undefined);
      save.reset();
    } catch (failure) {
      setProblem((failure as Error).message);
    }
  };
  const submit = () => {
    setTried(true);
    if (Object.keys(errors).length === 0 && problem === undefined) save.mutate(undefined);
  };
  return (
    <Page
      fill
      documentTitle={useDocumentTitle(name)}
      title={name}
      subtitle={automation ? 'Automation' : 'Self-service action'}
      actions={
        <>
          <Button variant="subtle" color="gray" onClick={close}>
            Close
          </Button>
          {!isNew && (
            <Confirm label="Delete…" title={`Delete “${name}”?`} confirm="Delete it" run={() => deleteDefinition(String(start.identifier)).then(close)} why={whyNoDelete}>
              Its runs stay. Nobody can run it any more.
            </Confirm>
          )}
          <Allowed action={isNew ? 'CreateAction' : 'UpdateAction'}>
            <Button onClick={submit} loading={save.isPending}>
              Save
            </Button>
          </Allowed>
        </>
      }
    >
      <div aria-live="assertive">
        {save.error && <ProblemLine level="error" message={save.error.message} />}
        {tried && Object.keys(errors).length > 0 && <ProblemLine level="error" message={`Something is missing or wrong: ${Object.keys(errors).map((path) => path.slice(1)).join(', ')}.`} />}
      </div>
      <div className={classes.columns}>
        <Tabs defaultValue="form" keepMounted={false} className={classes.side}>
          <Tabs.List>
            <Tabs.Tab value="form">Form</Tabs.Tab>
            <Tabs.Tab value="json">JSON</Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value="form" className={classes.panel}>
            <FormContext value={state}>
              <Fields schema={schema} value={values} onChange={(next) => change(fromForm(definition, next))} />
            </FormContext>
          </Tabs.Panel>
          <Tabs.Panel value="json" className={classes.json}>
            {problem && <ProblemLine level="error" message={problem} />}
            <CodeEditor value={text ?? JSON.stringify(definition, null, 2)} onChange={type} language="json" label="The definition as JSON" height="100%" />
          </Tabs.Panel>
        </Tabs>
        <Try definition={definition} />
      </div>
    </Page>
  );
}
