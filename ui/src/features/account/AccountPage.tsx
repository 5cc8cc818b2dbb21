import { Button, PasswordInput, Switch } from '@mantine/core';
import { useState } from 'react';
import { changePassword } from '~/api/people';
import { nameOf } from '~/api/session';
import { Form } from '~/kit/Form';
import { Empty, Page, Section } from '~/kit/Page';
import { setKeysOn, useKeysOn } from '~/kit/shortcuts';
import { useDocumentTitle } from '~/parts/model';
import { useOpenSession } from '~/parts/session';
import { Sessions } from '~/parts/Sessions';
import { Tokens } from '~/parts/Tokens';
import { useChange } from '~/parts/useChange';
import classes from './account.module.css';

/** What one can see and change of oneself. */
export function AccountPage() {
  const documentTitle = useDocumentTitle('My account');
  const { viewer } = useOpenSession();
  if (viewer.principal !== 'person' || viewer.email === null) {
    return (
      <Page documentTitle={documentTitle} title="My account">
        <Empty title="There is no account.">
          The server runs with <code>--dev</code>: nobody signs in, and everyone who can reach it is administrator. Started without it, it prints
          a link that makes the first account.
        </Empty>
        <Keyboard />
      </Page>
    );
  }
  return (
    <Page documentTitle={documentTitle} title="My account" subtitle={nameOf(viewer)}>
      <Section title="Profile">
        <dl className={classes.facts}>
          <dt>E-mail</dt>
          <dd>{viewer.email}</dd>
          <dt>Role</dt>
          <dd>{viewer.role === 'Admin' ? 'Administrator' : 'Member'}</dd>
          <dt>Teams</dt>
          <dd>{viewer.teams.join(', ') || 'none'}</dd>
          <dt>Looks after</dt>
          <dd>{viewer.moderated.join(', ') || 'no blueprint in particular'}</dd>
        </dl>
      </Section>
      <Section title="Password">
        <Password email={viewer.email} />
      </Section>
      <Keyboard />
      <Sessions user={viewer.email} />
      <Tokens owner={viewer.email} mayMake title="Personal tokens" />
    </Page>
  );
}

/** Single keys get into the way of speech input and of whoever brushes the keyboard. */
function Keyboard() {
  const on = useKeysOn();
  return (
    <Section title="Keyboard">
      <Switch
        size="xs"
        py={10}
        label="Single keys do something"
        description="Press ? for the list. Ctrl/Cmd+K works either way. For this browser only."
        checked={on}
        onChange={(event) => setKeysOn(event.currentTarget.checked)}
      />
    </Section>
  );
}

function Password({ email }: { email: string }) {
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const { mutate, error, isPending, isSuccess } = useChange(changePassword, () => {
    setCurrent('');
    setNext('');
  });
  return (
    <Form
      narrow
      onSubmit={() => mutate({ current, new: next })}
      error={error}
      buttons={
        <>
          <Button type="submit" variant="default" loading={isPending}>
            Change the password
          </Button>
          <span role="status" className="sd-dim">
            {isSuccess ? 'Changed. All other sessions have ended.' : ''}
          </span>
        </>
      }
    >
      <input type="text" name="username" autoComplete="username" value={email} readOnly hidden />
      <PasswordInput label="Present password" autoComplete="current-password" required withAsterisk={false} value={current} onChange={(event) => setCurrent(event.currentTarget.value)} />
      <PasswordInput
        label="New password"
        description="12 characters or more."
        autoComplete="new-password"
        required
        withAsterisk={false}
        value={next}
        onChange={(event) => setNext(event.currentTarget.value)}
      />
    </Form>
  );
}
