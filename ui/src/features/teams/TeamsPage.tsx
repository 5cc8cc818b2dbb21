import { Button, Modal } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { createTeam, teamsQuery, type Team } from '~/api/people';
import { DataTable, type DataColumn } from '~/kit/DataTable';
import { Empty, Page } from '~/kit/Page';
import { ProblemLine } from '~/kit/Problem';
import { SearchField } from '~/kit/SearchField';
import { count, formatNumber } from '~/lib/text';
import { Allowed, AllowedPage } from '~/parts/Allowed';
import { useDocumentTitle } from '~/parts/model';
import { useWhyNot } from '~/parts/session';
import { useChange } from '~/parts/useChange';
import { TeamForm } from './TeamForm';
import classes from './teams.module.css';

const route = getRouteApi('/_in/teams');

const columns: DataColumn<Team>[] = [
  {
    id: 'name',
    header: 'Name',
    cell: ({ name, identifier }) => (
      <Link to="/team" search={{ id: identifier }} className={classes.link}>
        {name}
      </Link>
    ),
  },
  { id: 'users', header: 'People', align: 'right', cell: ({ users }) => formatNumber(users.length) },
  { id: 'from', header: 'From', cell: ({ provider }) => (provider === 'backstage' ? 'the catalog’s groups' : 'here') },
  { id: 'description', header: 'Description', wide: true, cell: ({ description }) => <span title={description ?? undefined}>{description}</span> },
];

/** Teams, and the groups of the catalog, which are teams too. */
export function TeamsPage() {
  const documentTitle = useDocumentTitle('Teams');
  const { create } = route.useSearch();
  const navigate = route.useNavigate();
  const may = useWhyNot('CreateTeam') === undefined;
  const setCreate = (open: boolean) => void navigate({ search: (old) => ({ ...old, create: open || undefined }), replace: true });
  const { mutate, error, isPending, reset } = useChange(createTeam, () => setCreate(false));
  const close = () => {
    setCreate(false);
    reset();
  };
  return (
    <Page
      documentTitle={documentTitle}
      title="Teams"
      subtitle="Teams own entities, and rights can be given to them."
      actions={
        <Allowed action="CreateTeam">
          <Button onClick={() => setCreate(true)}>New team…</Button>
        </Allowed>
      }
    >
      <AllowedPage action="ReadTeams">
        <List />
      </AllowedPage>
      <Modal opened={create === true && may} onClose={close} title="New team">
        <TeamForm submit="Create the team" busy={isPending} error={error} onCancel={close} onSubmit={mutate} />
      </Modal>
    </Page>
  );
}

function List() {
  const { q = '' } = route.useSearch();
  const navigate = route.useNavigate();
  const { data, isPending, error } = useQuery(teamsQuery);
  const found = (data ?? []).filter((team) => [team.name, team.identifier, team.description ?? ''].some((text) => text.toLowerCase().includes(q.toLowerCase())));
  const hidden = (data?.length ?? 0) - found.length;
  return (
    <>
      <div className={classes.tools}>
        <SearchField label="Find a team" value={q} onChange={(next) => void navigate({ search: (old) => ({ ...old, q: next || undefined }), replace: true })} />
        {hidden > 0 && <span className="sd-dim">{count(hidden, 'team')} hidden by the search</span>}
      </div>
      {error && <ProblemLine level="error" message={error.message} />}
      {data && found.length === 0 ? (
        <Empty title={data.length > 0 ? 'No team matches.' : 'There is no team yet.'}>
          {data.length > 0 ? 'Another part of the name may find it.' : 'Create one here, or describe a Group in the catalog: it is a team of its name.'}
        </Empty>
      ) : (
        !error && <DataTable natural label="Teams" columns={columns} rows={found} rowId={({ identifier }) => identifier} waiting={isPending} />
      )}
    </>
  );
}
