import { Button, MultiSelect, Textarea, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { usersQuery, type Team } from '~/api/people';
import { nameOf } from '~/api/session';
import { Explained } from '~/kit/Explained';
import { Form } from '~/kit/Form';

export interface TeamBody {
  name: string;
  description?: string;
  users: string[];
}

interface TeamFormProps {
  team?: Team;
  submit: string;
  busy: boolean;
  error: Error | null;
  onSubmit: (body: TeamBody) => void;
  onCancel?: () => void;
  why?: string;
  done?: boolean;
}

/** Name, description and members of a team, new or not. */
export function TeamForm({ team, submit, busy, error, onSubmit, onCancel, why, done }: TeamFormProps) {
  const { data: users = [] } = useQuery(usersQuery);
  const [name, setName] = useState(team?.name ?? '');
  const [description, setDescription] = useState(team?.description ?? '');
  const [members, setMembers] = useState(team?.users.map(({ email }) => email) ?? []);
  const disabled = why !== undefined;
  return (
    <Form
      narrow={team !== undefined}
      onSubmit={() => !disabled && onSubmit({ name: name.trim(), description: team || description.trim() ? description.trim() : undefined, users: members })}
      error={error}
      buttons={
        <>
          {onCancel && (
            <Button variant="default" onClick={onCancel}>
              Cancel
            </Button>
          )}
          <Explained why={why}>
            <Button type="submit" loading={busy}>
              {submit}
            </Button>
          </Explained>
          {team && (
            <span role="status" className="sd-dim">
              {done ? 'Saved.' : ''}
            </span>
          )}
        </>
      }
    >
      <TextInput label="Name" required withAsterisk={false} data-autofocus={!team || undefined} disabled={disabled} value={name} onChange={(event) => setName(event.currentTarget.value)} />
      <Textarea label="Description" autosize minRows={2} disabled={disabled} value={description} onChange={(event) => setDescription(event.currentTarget.value)} />
      <MultiSelect
        label="People"
        data={users.map((user) => ({ value: user.email, label: nameOf(user) === user.email ? user.email : `${nameOf(user)} (${user.email})` }))}
        value={members}
        onChange={setMembers}
        disabled={disabled}
        searchable
        nothingFoundMessage="There is nobody of this name."
      />
    </Form>
  );
}
