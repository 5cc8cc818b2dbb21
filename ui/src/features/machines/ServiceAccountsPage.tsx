import { Button, Modal } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import { createServiceAccount, removeServiceAccount, rotateServiceAccount, serviceAccountsQuery, type MadeClient, type ServiceAccount } from '~/api/tokens';
import { AccountMark } from '~/kit/AccountMark';
import { Confirm } from '~/kit/Confirm';
import { DataTable, type DataColumn } from '~/kit/DataTable';
import { Mono } from '~/kit/Mono';
import { Empty, Page } from '~/kit/Page';
import { ProblemLine } from '~/kit/Problem';
import { Time } from '~/kit/Time';
import { Allowed, AllowedPage } from '~/parts/Allowed';
import { MadeOnce } from '~/parts/MadeOnce';
import { useDocumentTitle } from '~/parts/model';
import { useWhyNot } from '~/parts/session';
import { Tokens } from '~/parts/Tokens';
import { useChange } from '~/parts/useChange';
import classes from './machines.module.css';
import { NewServiceAccount } from './NewServiceAccount';

const route = getRouteApi('/_in/service-accounts');

/** Accounts of programs, their clients and their tokens. */
export function ServiceAccountsPage() {
  const { create } = route.useSearch();
  const navigate = route.useNavigate();
  const [made, setMade] = useState<MadeClient>();
  const may = useWhyNot('CreateServiceAccount') === undefined;
  const setCreate = (open: boolean) => void navigate({ search: (old) => ({ ...old, create: open || undefined }), replace: true });
  const { mutate, error, isPending, reset } = useChange(createServiceAccount, (client) => {
    setMade(client);
    setCreate(false);
  });
  const close = () => {
    setCreate(false);
    reset();
  };
  return (
    <Page
      documentTitle={useDocumentTitle('Service accounts')}
      title="Service accounts"
      subtitle="Accounts of programs: each has a role, a client and tokens of its own."
      actions={
        <Allowed action="CreateServiceAccount">
          <Button onClick={() => setCreate(true)}>New service account…</Button>
        </Allowed>
      }
    >
      <AllowedPage action="ReadServiceAccounts">
        <List onMade={setMade} />
      </AllowedPage>
      <Modal opened={create === true && may} onClose={close} title="New service account">
        <NewServiceAccount busy={isPending} error={error} onCancel={close} onMake={mutate} />
      </Modal>
      <MadeOnce
        title="The client is made"
        values={made ? [{ label: 'Client ID', value: made.clientId }, { label: 'Client secret', value: made.clientSecret }] : []}
        onClose={() => {
          setMade(undefined);
          reset();
        }}
      >
        Programs exchange both for an access token at <code>/v1/auth/access_token</code>.
      </MadeOnce>
    </Page>
  );
}

function List({ onMade }: { onMade: (client: MadeClient) => void }) {
  const { account } = route.useSearch();
  const { data, isPending, error } = useQuery(serviceAccountsQuery);
  const chosen = data?.find(({ identifier }) => identifier === account);
  const columns = useColumns(onMade);
  if (error) return <ProblemLine level="error" message={error.message} />;
  if (data?.length === 0) {
    return <Empty title="There is no service account yet.">Make one for each program that calls the API, so that each can be told apart, limited and taken back.</Empty>;
  }
  return (
    <>
      <DataTable natural label="Service accounts" columns={columns} rows={data ?? []} rowId={({ identifier }) => identifier} waiting={isPending} />
      {chosen ? (
        <Tokens key={chosen.identifier} owner={chosen.identifier} mayMake serviceAccount title={`Tokens of ${chosen.name}`} />
      ) : (
        data && <p className={classes.hint}>Choose one to see and make its tokens.</p>
      )}
    </>
  );
}

function useColumns(onMade: (client: MadeClient) => void): DataColumn<ServiceAccount>[] {
  const whyRotate = useWhyNot('UpdateServiceAccount');
  const whyRemove = useWhyNot('DeleteServiceAccount');
  const rotate = useChange(rotateServiceAccount, onMade);
  const remove = useChange(removeServiceAccount);
  return [
    {
      id: 'name',
      header: 'Name',
      cell: ({ name, identifier }) => (
        <Link to="/service-accounts" search={{ account: identifier }} className={classes.link} title={`Tokens of ${identifier}`}>
          {name}
        </Link>
      ),
    },
    { id: 'role', header: 'Role', cell: ({ role }) => (role === 'Admin' ? 'Administrator' : role) },
    { id: 'status', header: 'Status', cell: ({ status }) => <AccountMark status={status} /> },
    { id: 'teams', header: 'Teams', cell: ({ teams }) => teams.join(', ') },
    { id: 'clientId', header: 'Client ID', cell: ({ clientId }) => (clientId ? <Mono>{clientId}</Mono> : <span className="sd-dim">none</span>) },
    { id: 'lastUsedAt', header: 'Last used', cell: ({ lastUsedAt }) => (lastUsedAt ? <Time iso={lastUsedAt} /> : <span className="sd-dim">never</span>) },
    {
      id: 'does',
      header: 'Change',
      cell: ({ identifier, name }) => (
        <>
          <Confirm variant="subtle" label="New secret…" name={`New secret for ${name}`} title={`New secret for ${name}?`} confirm="Make it" why={whyRotate} run={() => rotate.mutateAsync(identifier)}>
            The old secret and the access tokens made with it are refused at once.
          </Confirm>{' '}
          <Confirm variant="subtle" label="Remove…" name={`Remove ${name}`} title={`Remove ${name}?`} confirm="Remove" why={whyRemove} run={() => remove.mutateAsync(identifier)}>
            Its client and its tokens are refused at once.
          </Confirm>
        </>
      ),
    },
  ];
}
