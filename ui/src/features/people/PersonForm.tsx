import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { changeUser, moderatedBy, roleOf, rolesToSend, teamsQuery, type User } from '~/api/people';
import { Explained } from '~/kit/Explained';
import { Form } from '~/kit/Form';
import { useModel } from '~/parts/model';
import { useChange } from '~/parts/useChange';
import { ModeratedField, RoleField, TeamsField } from './fields';

/** Role, teams and moderated blueprints of somebody. */
export function PersonForm({ user, why }: { user: User; why: string | undefined }) {
  const blueprints = useModel().blueprints.map(({ identifier }) => identifier);
  const { data: teams = [] } = useQuery(teamsQuery);
  const groups = teams.filter(({ provider, identifier }) => provider === 'backstage' && user.teamsIdentifiers.includes(identifier));
  const [role, setRole] = useState(roleOf(user));
  const [moderated, setModerated] = useState(moderatedBy(user, blueprints));
  const [chosen, setChosen] = useState<string[]>();
  const own = user.teamsIdentifiers.filter((identifier) => !groups.some((group) => group.identifier === identifier));
  const { mutate, error, isPending, isSuccess } = useChange(() =>
    changeUser(user.email, { roles: rolesToSend(user, role, moderated, blueprints), teams: chosen ?? own }),
  );
  const disabled = why !== undefined;
  return (
    <Form
      narrow
      onSubmit={() => why === undefined && mutate(undefined)}
      error={error}
      buttons={
        <>
          <Explained why={why}>
            <Button type="submit" loading={isPending}>
              Save
            </Button>
          </Explained>
          <span role="status" className="sd-dim">
            {isSuccess ? 'Saved.' : ''}
          </span>
        </>
      }
    >
      <RoleField value={role} onChange={setRole} disabled={disabled} />
      <TeamsField value={chosen ?? own} onChange={setChosen} disabled={disabled} />
      {groups.length > 0 && (
        <p className="sd-dim">
          Also in {groups.map(({ name }) => name).join(', ')}: groups of the catalog, whose members the catalog says.
        </p>
      )}
      <ModeratedField value={moderated} onChange={setModerated} disabled={disabled} />
    </Form>
  );
}
