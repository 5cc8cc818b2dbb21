import { Button, TextInput } from '@mantine/core';
import { useState } from 'react';
import { registerLocation } from '~/api/locations';
import { previewLocation, type LocationPreview } from '~/api/sources';
import { Form } from '~/kit/Form';
import { useChange } from '~/parts/useChange';
import { Outlook } from './Outlook';

/** Registers an address, after a look at what that would do. */
export function RegisterLocation({ onDone }: { onDone: () => void }) {
  const [target, setTarget] = useState('');
  const [preview, setPreview] = useState<LocationPreview>();
  const look = useChange(() => previewLocation(target.trim()), setPreview);
  const register = useChange(() => registerLocation(target.trim()), onDone);
  const change = (value: string) => {
    setTarget(value);
    setPreview(undefined);
    look.reset();
    register.reset();
  };
  // what cannot be read at all would only be a source with errors
  const useless = preview !== undefined && preview.rejected.length > 0 && preview.created.length + preview.changed.length + preview.unchanged.length + preview.conflicts.length === 0;
  const ready = preview !== undefined && !preview.exists && !useless;
  return (
    <Form
      onSubmit={() => (ready ? register.mutate(undefined) : look.mutate(undefined))}
      error={register.error ?? look.error}
      buttons={
        <>
          <Button variant="default" onClick={onDone}>
            Cancel
          </Button>
          {ready ? (
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
      <div aria-live="polite">{preview && <Outlook preview={preview} />}</div>
    </Form>
  );
}
