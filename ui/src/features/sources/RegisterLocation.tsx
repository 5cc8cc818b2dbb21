import { Button, TextInput } from '@mantine/core';
import { useState } from 'react';
import { registerLocation, tryLocation, type Trial } from '~/api/locations';
import { Form } from '~/kit/Form';
import { Mono } from '~/kit/Mono';
import { ProblemLine } from '~/kit/Problem';
import { count } from '~/lib/text';
import { useChange } from '~/parts/useChange';
import classes from './sources.module.css';

/** Registers an address, after a look at what it leads to. */
export function RegisterLocation({ onDone }: { onDone: () => void }) {
  const [target, setTarget] = useState('');
  const [trial, setTrial] = useState<Trial>();
  const look = useChange(() => tryLocation(target.trim()), setTrial);
  const register = useChange(() => registerLocation(target.trim()), onDone);
  const change = (value: string) => {
    setTarget(value);
    setTrial(undefined);
    look.reset();
    register.reset();
  };
  const known = trial?.exists === true;
  return (
    <Form
      onSubmit={() => (trial && !known ? register.mutate(undefined) : look.mutate(undefined))}
      error={register.error ?? look.error}
      buttons={
        <>
          <Button variant="default" onClick={onDone}>
            Cancel
          </Button>
          {trial && !known ? (
            <Button type="submit" loading={register.isPending}>
              Register
            </Button>
          ) : (
            <Button type="submit" loading={look.isPending}>
              Look
            </Button>
          )}
        </>
      }
    >
      <TextInput
        label="Address"
        description="A catalog-info.yaml, as you would copy it from the browser. A * looks for files: …/blob/main/**/catalog-info.yaml"
        type="url"
        required
        withAsterisk={false}
        data-autofocus
        autoComplete="off"
        placeholder="https://"
        value={target}
        onChange={(event) => change(event.currentTarget.value)}
      />
      <div aria-live="polite">{trial && <Preview trial={trial} />}</div>
    </Form>
  );
}

/** The document of the address itself comes first, and is no news. */
function Preview({ trial: { exists, entities } }: { trial: Trial }) {
  const found = entities.slice(1);
  if (exists) return <ProblemLine level="warning" message="This address is registered already." />;
  return (
    <>
      <p>{found.length === 0 ? 'It holds no entity.' : `It leads to ${count(found.length, 'entity', 'entities')}:`}</p>
      <ul className={classes.found}>
        {found.map(({ kind, metadata: { name, namespace, title } }) => (
          <li key={`${kind} ${namespace ?? ''} ${name}`}>
            <span className="sd-dim">{kind}</span> <Mono>{namespace && namespace !== 'default' ? `${namespace}/${name}` : name}</Mono> {title}
          </li>
        ))}
      </ul>
    </>
  );
}
