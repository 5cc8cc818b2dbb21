import { Button, Modal, TextInput } from '@mantine/core';
import { useState } from 'react';
import { invite, type MadeLink, type Role } from '~/api/people';
import { Form } from '~/kit/Form';
import { Time } from '~/kit/Time';
import { MadeOnce } from '~/parts/MadeOnce';
import { useChange } from '~/parts/useChange';
import { ModeratedField, RoleField, TeamsField } from './fields';

/** Asks whom to invite, and then shows the link. */
export function InviteWindow({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const [made, setMade] = useState<MadeLink & { email: string }>();
  return (
    <>
      <Modal opened={opened} onClose={onClose} title="Invite somebody">
        <InviteForm
          onCancel={onClose}
          onMade={(link) => {
            setMade(link);
            onClose();
          }}
        />
      </Modal>
      <MadeOnce title="The invitation is made" values={made ? [{ label: `Link for ${made.email}`, value: made.link }] : []} onClose={() => setMade(undefined)}>
        Hand it over yourself: the portal sends no mail. It works once, and ends {made && <Time iso={made.expiresAt} />}.
      </MadeOnce>
    </>
  );
}

function InviteForm({ onCancel, onMade }: { onCancel: () => void; onMade: (link: MadeLink & { email: string }) => void }) {
  const [email, setEmail] = useState('');
  const [role, setRole] = useState<Role>('Member');
  const [teams, setTeams] = useState<string[]>([]);
  const [moderated, setModerated] = useState<string[]>([]);
  const { mutate, error, isPending } = useChange(invite, (link) => onMade({ ...link, email: email.trim() }));
  // what is left empty says nothing: somebody who was prepared keeps teams and blueprints
  const some = (list: string[]) => (list.length > 0 ? list : undefined);
  return (
    <Form
      onSubmit={() => mutate({ email: email.trim(), role, teams: some(teams), moderated: some(moderated) })}
      error={error}
      buttons={
        <>
          <Button variant="default" onClick={onCancel}>
            Cancel
          </Button>
          <Button type="submit" loading={isPending}>
            Make the link
          </Button>
        </>
      }
    >
      <TextInput label="E-mail" type="email" required withAsterisk={false} data-autofocus value={email} onChange={(event) => setEmail(event.currentTarget.value)} />
      <RoleField value={role} onChange={setRole} />
      <TeamsField value={teams} onChange={setTeams} />
      <ModeratedField value={moderated} onChange={setModerated} />
    </Form>
  );
}
