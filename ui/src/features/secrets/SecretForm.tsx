import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useState } from 'react';
import { changeSecret, createSecret, type Secret } from '~/api/secrets';
import { Form } from '~/kit/Form';
import { useChange } from '~/parts/useChange';

/** A new secret, or another value for one. What is typed is gone with the window. */
export function SecretForm({ secret, onDone }: { secret?: Secret; onDone: () => void }) {
  const [name, setName] = useState(secret?.secretName ?? '');
  const [value, setValue] = useState('');
  const [description, setDescription] = useState(secret?.description ?? '');
  const { mutate, error, isPending } = useChange(() => {
    const said = description.trim();
    return secret
      ? changeSecret(secret.secretName, { secretValue: value || undefined, description: said })
      : createSecret({ secretName: name.trim(), secretValue: value, description: said || undefined });
  }, onDone);
  return (
    <Form
      onSubmit={() => mutate(undefined)}
      error={error}
      buttons={
        <>
          <Button variant="default" onClick={onDone}>
            Cancel
          </Button>
          <Button type="submit" loading={isPending}>
            Save
          </Button>
        </>
      }
    >
      <TextInput
        label="Name"
        description="Letters, digits, - and _."
        required
        withAsterisk={false}
        pattern="[A-Za-z0-9_\-]{1,100}"
        readOnly={secret !== undefined}
        data-autofocus={secret === undefined || undefined}
        autoComplete="off"
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <PasswordInput
        label={secret ? 'New value' : 'Value'}
        description={secret ? 'Left empty, the value stays as it is.' : undefined}
        required={secret === undefined}
        withAsterisk={false}
        data-autofocus={secret !== undefined || undefined}
        // no password of this site: browsers are not to keep it
        autoComplete="off"
        data-1p-ignore
        value={value}
        onChange={(event) => setValue(event.currentTarget.value)}
      />
      <TextInput label="Description" maxLength={200} value={description} onChange={(event) => setDescription(event.currentTarget.value)} />
    </Form>
  );
}
