import { Button, Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { roleOf, usersQuery, type User } from '~/api/people';
import { nameOf } from '~/api/session';
import { accountState, AccountMark, accountStates } from '~/kit/AccountMark';
import { DataTable, type DataColumn } from '~/kit/DataTable';
import { Empty, Page } from '~/kit/Page';
import { ProblemLine } from '~/kit/Problem';
import { SearchField } from '~/kit/SearchField';
import { Time } from '~/kit/Time';
import { count } from '~/lib/text';
import { Allowed, AllowedPage } from '~/parts/Allowed';
import { useDocumentTitle } from '~/parts/model';
import { useWhyNot } from '~/parts/session';
import { Invitations } from './Invitations';
import { InviteWindow } from './InviteWindow';
import classes from './people.module.css';
import type { PeopleSearch } from './search';

const route = getRouteApi('/_in/people');

const columns: DataColumn<User>[] = [
  {
    id: 'name',
    header: 'Name',
    cell: (user) => (
      <Link to="/person" search={{ id: user.email }} className={classes.link}>
        {nameOf(user)}
      </Link>
    ),
  },
  { id: 'email', header: 'E-mail', cell: ({ email }) => email },
  { id: 'role', header: 'Role', cell: (user) => <span title={rolesOf(user)}>{rolesOf(user)}</span> },
  { id: 'status', header: 'Status', cell: ({ status }) => <AccountMark status={status} /> },
  { id: 'teams', header: 'Teams', cell: ({ teams }) => <span title={teams.join('\n')}>{teams.join(', ')}</span> },
  { id: 'createdAt', header: 'Added', cell: ({ createdAt }) => <Time iso={createdAt} /> },
];

const rolesOf = (user: User) =>
  user.roles.map(({ name }) => (name === 'Admin' ? 'Administrator' : name)).join(', ') || 'Member';

/** Who may use the portal. */
export function PeoplePage() {
  const documentTitle = useDocumentTitle('People');
  const navigate = route.useNavigate();
  const { invite } = route.useSearch();
  const mayInvite = useWhyNot('CreateUser') === undefined;
  const setInvite = (open: boolean) => void navigate({ search: (old) => ({ ...old, invite: open || undefined }), replace: true });
  return (
    <Page
      documentTitle={documentTitle}
      title="People"
      subtitle="Who may use the portal, and as what."
      actions={
        <Allowed action="CreateUser">
          <Button onClick={() => setInvite(true)}>Invite…</Button>
        </Allowed>
      }
    >
      <AllowedPage action="ReadUsers">
        <List />
      </AllowedPage>
      <InviteWindow opened={invite === true && mayInvite} onClose={() => setInvite(false)} />
    </Page>
  );
}

function List() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { data, isPending, error } = useQuery(usersQuery);
  const maySeeInvitations = useWhyNot('CreateUser') === undefined;
  const change = (next: PeopleSearch) => void navigate({ search: (old) => ({ ...old, ...next }), replace: true });
  const people = (data ?? []).filter(({ type }) => type !== 'SERVICE_ACCOUNT');
  const found = people.filter((user) => matches(user, search));
  const hidden = people.length - found.length;
  return (
    <>
      <div className={classes.tools}>
        <SearchField label="Find a person" value={search.q ?? ''} onChange={(q) => change({ q: q || undefined })} />
        <Filter label="Role" value={search.role} onChange={(role) => change({ role })} options={[{ value: 'Admin', label: 'Administrator' }, 'Member']} />
        <Filter label="Status" value={search.status} onChange={(status) => change({ status })} options={accountStates} />
        <Filter
          label="Team"
          value={search.team}
          onChange={(team) => change({ team })}
          options={teamsOf(people)}
        />
        {hidden > 0 && <span className="sd-dim">{count(hidden, 'person', 'people')} hidden by the filters</span>}
      </div>
      {error && <ProblemLine level="error" message={error.message} />}
      {data && found.length === 0 ? (
        people.length > 0 ? (
          <Empty title="Nobody matches.">
            <Button variant="default" mt={8} onClick={() => change({ q: undefined, role: undefined, status: undefined, team: undefined })}>
              Clear the filters
            </Button>
          </Empty>
        ) : (
          <Empty title="Nobody is here yet.">Invite somebody: you get a link to hand over. The portal sends no mail.</Empty>
        )
      ) : (
        !error && <DataTable natural label="People" columns={columns} rows={found} rowId={({ email }) => email} waiting={isPending} />
      )}
      {maySeeInvitations && people.some(({ status }) => status === 'INVITED' || status === 'STAGED') && <Invitations />}
    </>
  );
}

/** The teams that anybody is in. */
function teamsOf(people: User[]): { value: string; label: string }[] {
  const names = new Map(people.flatMap(({ teams, teamsIdentifiers }) => teamsIdentifiers.map((id, i) => [id, teams[i] ?? id] as const)));
  return [...names].map(([value, label]) => ({ value, label })).sort((a, b) => a.label.localeCompare(b.label));
}

interface FilterProps {
  label: string;
  value: string | undefined;
  options: (string | { value: string; label: string })[];
  onChange: (value: string | undefined) => void;
}

function Filter({ label, value, options, onChange }: FilterProps) {
  return (
    <Select aria-label={label} placeholder={label} clearable searchable={options.length > 8} data={options} value={value ?? null} onChange={(next) => onChange(next ?? undefined)} w={150} />
  );
}

function matches(user: User, { q, role, status, team }: PeopleSearch): boolean {
  const texts = [user.email, nameOf(user)];
  return (
    (!q || texts.some((text) => text.toLowerCase().includes(q.toLowerCase()))) &&
    (!role || roleOf(user) === role) &&
    (!status || accountState(user.status) === status) &&
    (!team || user.teamsIdentifiers.includes(team))
  );
}
