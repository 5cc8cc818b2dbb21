import { Button, Loader, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { registerLocation, tryLocation, type Trial } from '~/api/locations';
import { sourcesQuery } from '~/api/queries';
import type { Source } from '~/api/types';
import { CodeBlock } from '~/kit/CodeBlock';
import { Form } from '~/kit/Form';
import { Mono } from '~/kit/Mono';
import { ProblemLine } from '~/kit/Problem';
import { StateMark } from '~/kit/StateMark';
import { count, shortPath } from '~/lib/text';
import { useChange } from '~/parts/useChange';
import classes from './home.module.css';

const configuration = `catalog:
  locations:
    - type: file
      target: ./catalog/**/catalog-info.yaml
`;

const listed = 6;

/** Registers a location after a look at what it leads to, and shows how its first reading goes. */
export function RegisterStep({ sources, supplying }: { sources: number; supplying: number }) {
  const [target, setTarget] = useState('');
  const [trial, setTrial] = useState<Trial>();
  const [registered, setRegistered] = useState(false);
  const look = useChange(() => tryLocation(target.trim()), setTrial);
  const register = useChange(
    () => registerLocation(target.trim()),
    () => setRegistered(true),
  );
  const change = (value: string) => {
    setTarget(value);
    setTrial(undefined);
    look.reset();
    register.reset();
  };
  const ready = trial !== undefined && trial.exists !== true;
  return (
    <>
      <Form
        narrow
        onSubmit={() => (ready ? register.mutate(undefined) : look.mutate(undefined))}
        error={register.error ?? look.error}
        buttons={
          <Button type="submit" loading={look.isPending || register.isPending} disabled={registered && register.isSuccess}>
            {ready ? 'Register' : 'Look what is there'}
          </Button>
        }
      >
        <TextInput
          label="Address in a repository"
          description="As you would copy it from the browser. A * looks for files: …/blob/main/**/catalog-info.yaml"
          type="url"
          required
          withAsterisk={false}
          placeholder="https://github.com/…/blob/main/catalog-info.yaml"
          value={target}
          onChange={(event) => change(event.currentTarget.value)}
        />
        <div aria-live="polite">{trial && <Preview trial={trial} />}</div>
      </Form>
      {(registered || sources > supplying) && <Progress />}
      <details className={classes.details}>
        <summary>A folder</summary>
        <p>
          On your computer: <Link to="/documents">open it</Link>, and its documents are checked and taken in. That is done once; they are not followed.
        </p>
        <p>
          On the server: which of its files it reads is not for the browser to say. List them in <code>app-config.yaml</code> and start it with{' '}
          <code>--config app-config.yaml</code>. A configuration of Backstage is read unchanged, and files are read again when they change.
        </p>
        <CodeBlock text={configuration} language="yaml" label="app-config.yaml" />
      </details>
    </>
  );
}

function Preview({ trial: { exists, entities } }: { trial: Trial }) {
  // the document of the address itself comes first, and is no news
  const found = entities.slice(1);
  if (exists) return <ProblemLine level="warning" message="This address is registered already." />;
  return (
    <>
      <p>{found.length === 0 ? 'It holds no entity.' : `It leads to ${count(found.length, 'entity', 'entities')}:`}</p>
      <ul className={classes.found}>
        {found.slice(0, listed).map(({ kind, metadata: { name } }) => (
          <li key={`${kind} ${name}`}>
            <span className="sd-dim">{kind}</span> <Mono>{name}</Mono>
          </li>
        ))}
      </ul>
      {found.length > listed && <p className="sd-dim">{count(found.length - listed, 'more')}</p>}
    </>
  );
}

/** How the sources are doing, while somebody waits for them. */
function Progress() {
  const { data } = useQuery({ ...sourcesQuery, refetchInterval: 1_000 });
  return (
    <ul aria-label="Sources" className={classes.progress}>
      {(data?.sources ?? []).map((source) => (
        <li key={source.id} className={classes.source}>
          <span className={classes.state}>{source.running || !source.lastRun ? <Loader size={14} aria-label="being read" /> : <StateMark state={source.state} />}</span>
          <span className={classes.target} title={source.target}>
            <Mono>{shortPath(source.target)}</Mono>
          </span>
          <span className="sd-dim">{told(source)}</span>
        </li>
      ))}
      <li>
        <Link to="/sources">All about sources</Link>
      </li>
    </ul>
  );
}

function told({ running, lastRun, entities, problems, reason }: Source): string {
  if (running || !lastRun) return 'being read…';
  const parts = [count(entities, 'entity', 'entities')];
  if (problems.length > 0) parts.push(count(problems.length, 'problem'));
  if (reason) parts.push(reason);
  return parts.join(', ');
}
