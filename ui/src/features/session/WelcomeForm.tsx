import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { acceptLink, type LinkCheck } from '~/api/session';
import { ProblemLine } from '~/kit/Problem';
import { refusal } from './refusal';
import classes from './session.module.css';
import { useEnter } from './useEnter';

/** Who one is, as far as the link does not say it, and the new password. */
export function WelcomeForm({ token, link }: { token: string; link: LinkCheck }) {
  const enter = useEnter();
  const [email, setEmail] = useState(link.email ?? '');
  const [firstName, setFirstName] = useState('');
  const [lastName, setLastName] = useState('');
  const [password, setPassword] = useState('');
  const { mutate, error, isPending } = useMutation({ mutationFn: acceptLink, onSuccess: () => enter() });
  const named = link.kind !== 'reset';
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const names = named ? { firstName: firstName.trim() || undefined, lastName: lastName.trim() || undefined } : {};
    mutate({ token, password, ...names, email: link.kind === 'setup' ? email.trim() : undefined });
  };
  return (
    <form className={classes.form} onSubmit={submit}>
      <TextInput
        label="E-mail"
        name="email"
        type="email"
        autoComplete="username"
        size="sm"
        required
        withAsterisk={false}
        readOnly={link.kind !== 'setup'}
        autoFocus={link.kind === 'setup'}
        value={email}
        onChange={(event) => setEmail(event.currentTarget.value)}
      />
      {named && (
        <div className={classes.two}>
          <TextInput
            label="First name"
            autoComplete="given-name"
            size="sm"
            autoFocus={link.kind === 'invitation'}
            value={firstName}
            onChange={(event) => setFirstName(event.currentTarget.value)}
          />
          <TextInput label="Last name" autoComplete="family-name" size="sm" value={lastName} onChange={(event) => setLastName(event.currentTarget.value)} />
        </div>
      )}
      <PasswordInput
        label="Password"
        description="12 characters or more: a few words that only you would put together."
        autoComplete="new-password"
        size="sm"
        required
        withAsterisk={false}
        autoFocus={link.kind === 'reset'}
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
      />
      <div aria-live="assertive">{error && <ProblemLine level="error" message={refusal(error)} />}</div>
      <Button type="submit" size="sm" loading={isPending}>
        {buttons[link.kind]}
      </Button>
    </form>
  );
}

const buttons: Record<LinkCheck['kind'], string> = {
  setup: 'Create the account and sign in',
  invitation: 'Join and sign in',
  reset: 'Set the password and sign in',
};
