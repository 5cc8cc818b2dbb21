import { Button, Checkbox, Modal, MultiSelect } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { pagePermissionsQuery, patchPagePermissions, type PageBlock, type PageJson, type PagePermissions } from '~/api/pages';
import { teamsQuery, usersQuery } from '~/api/people';
import { nameOf } from '~/api/session';
import { Form } from '~/kit/Form';
import { Waiting } from '~/kit/Page';
import { ProblemLine } from '~/kit/Problem';
import { useChange } from '~/parts/useChange';
import classes from './pages.module.css';

/** Says who may look at a page, and who may change it. Administrators always may both. */
export default function RightsWindow({ page, onClose }: { page: PageJson; onClose: () => void }) {
  const { data, error } = useQuery(pagePermissionsQuery(page.identifier));
  return (
    <Modal opened onClose={onClose} title={`Who may what on “${page.title ?? page.identifier}”`} size="lg">
      {error && <ProblemLine level="error" message={error.message} />}
      {data ? <Rights page={page} stored={data} onClose={onClose} /> : !error && <Waiting lines={4} />}
    </Modal>
  );
}

function Rights({ page, stored, onClose }: { page: PageJson; stored: PagePermissions; onClose: () => void }) {
  const [wanted, setWanted] = useState(stored);
  const save = useChange(() => patchPagePermissions(page.identifier, whole(wanted)), onClose);
  return (
    <Form
      onSubmit={() => save.mutate(undefined)}
      error={save.error}
      buttons={
        <>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={save.isPending}>
            Save
          </Button>
        </>
      }
    >
      <p className="sd-dim">Administrators always may both, and whoever may change it may look at it. What a widget counts is decided apart from this: each shows what its reader may see.</p>
      <Block legend="Look at it" everybody="Everybody" block={wanted.read} onChange={(read) => setWanted({ ...wanted, read })} />
      <Block legend="Change it" everybody="Everybody" block={wanted.update} onChange={(update) => setWanted({ ...wanted, update })} />
    </Form>
  );
}

/** Nobody changes what he may not look at. */
function whole({ read, update }: PagePermissions): PagePermissions {
  if (read.roles.includes('Member')) return { read, update };
  const both = (key: keyof PageBlock) => [...new Set([...read[key], ...update[key]])];
  return { read: { users: both('users'), roles: both('roles'), teams: both('teams') }, update };
}

interface BlockProps {
  legend: string;
  everybody: string;
  block: PageBlock;
  onChange: (block: PageBlock) => void;
}

/** Everybody, or those who are named. */
function Block({ legend, everybody, block, onChange }: BlockProps) {
  const { data: teams = [] } = useQuery(teamsQuery);
  const { data: users = [] } = useQuery(usersQuery);
  const all = block.roles.includes('Member');
  const people = users.filter(({ type }) => type !== 'SERVICE_ACCOUNT').map((user) => ({ value: user.email, label: `${nameOf(user)} (${user.email})` }));
  return (
    <fieldset className={classes.block}>
      <legend>{legend}</legend>
      <Checkbox label={everybody} checked={all} onChange={(event) => onChange({ ...block, roles: event.currentTarget.checked ? ['Admin', 'Member'] : ['Admin'] })} />
      {!all && (
        <>
          <MultiSelect label="Teams" data={withNamed(teams.map(({ identifier, name }) => ({ value: identifier, label: name })), block.teams)} value={block.teams} onChange={(named) => onChange({ ...block, teams: named })} searchable nothingFoundMessage="There is no such team." />
          <MultiSelect label="People" data={withNamed(people, block.users)} value={block.users} onChange={(named) => onChange({ ...block, users: named })} searchable nothingFoundMessage="There is no such person." />
        </>
      )}
    </fieldset>
  );
}

/** Who is named stays to be seen, though nobody by that name is here any more. */
const withNamed = (options: { value: string; label: string }[], named: string[]) => [
  ...options,
  ...named.filter((one) => !options.some(({ value }) => value === one)).map((one) => ({ value: one, label: one })),
];
