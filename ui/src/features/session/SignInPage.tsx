import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { signIn } from '~/api/session';
import { ProblemLine } from '~/kit/Problem';
import { useSession } from '~/parts/session';
import { Door } from './Door';
import classes from './session.module.css';
import { refusal } from './refusal';
import { useEnter, useForgetting } from './useEnter';

const route = getRouteApi('/sign-in');

export function SignInPage() {
  useForgetting();
  const { setup } = useSession();
  return (
    <Door documentTitle="Sign in" title="Sign in">
      {setup ? <NobodyYet /> : <SignInForm />}
    </Door>
  );
}

function SignInForm() {
  const { to } = route.useSearch();
  const enter = useEnter();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const { mutate, error, isPending } = useMutation({
    mutationFn: signIn,
    onSuccess: () => enter(to),
    onError: () => setPassword(''),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    mutate({ email: email.trim(), password });
  };
  return (
    <>
      {to !== undefined && !error && <p className={classes.lead}>Sign in to go on to the page that you asked for.</p>}
      <form className={classes.form} onSubmit={submit}>
        <TextInput
          label="E-mail"
          name="email"
          type="email"
          autoComplete="username"
          size="sm"
          required
          withAsterisk={false}
          autoFocus
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
        />
        <PasswordInput
          label="Password"
          name="password"
          autoComplete="current-password"
          size="sm"
          required
          withAsterisk={false}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <div aria-live="assertive">{error && <ProblemLine level="error" message={refusal(error)} />}</div>
        <Button type="submit" size="sm" loading={isPending}>
          Sign in
        </Button>
      </form>
      <p className={classes.hint}>No account, or the password forgotten? Ask an administrator for a link.</p>
    </>
  );
}

function NobodyYet() {
  return (
    <div className={classes.lead}>
      <p>Nobody has an account here yet.</p>
      <p>
        The server printed a link when it started, which makes the first administrator. Open it in this browser: it ends in{' '}
        <code>/welcome#…</code>
      </p>
    </div>
  );
}
