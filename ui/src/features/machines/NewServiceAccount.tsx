import { Button, MultiSelect, Select, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { teamsQuery, type Role } from '~/api/people';
import { Form } from '~/kit/Form';

interface NewServiceAccountProps {
  busy: boolean;
  error: Error | null;
  onMake: (body: { name: string; role: Role; teams: string[] }) => void;
  onCancel: () => void;
}

export function NewServiceAccount({ busy, error, onMake, onCancel }: NewServiceAccountProps) {
  const { data: teams = [] } = useQuery(teamsQuery);
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('Member');
  const [chosen, setChosen] = useState<string[]>([]);
  return (
    <Form
      onSubmit={() => onMake({ name: name.trim(), role, teams: chosen })}
      error={error}
      buttons={
        <>
          <Button variant="default" onClick={onCancel}>
            Cancel
          </Button>
          <Button type="submit" loading={busy}>
            Make it
          </Button>
        </>
      }
    >
      <TextInput label="Name" description="Such as the program that will use it." required withAsterisk={false} data-autofocus value={name} onChange={(event) => setName(event.currentTarget.value)} />
      <Select
        label="Role"
        data={[
          { value: 'Member', label: 'Member' },
          { value: 'Admin', label: 'Administrator' },
        ]}
        value={role}
        onChange={(next) => setRole(next === 'Admin' ? 'Admin' : 'Member')}
        allowDeselect={false}
      />
      <MultiSelect
        label="Teams"
        data={teams.filter(({ provider }) => provider !== 'backstage').map(({ identifier, name: label }) => ({ value: identifier, label }))}
        value={chosen}
        onChange={setChosen}
        searchable
      />
    </Form>
  );
}
