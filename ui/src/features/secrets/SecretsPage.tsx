import { Button, Modal } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { removeSecret, secretsQuery, type Secret } from '~/api/secrets';
import { Confirm, quiet } from '~/kit/Confirm';
import { DataTable, type DataColumn } from '~/kit/DataTable';
import { Explained } from '~/kit/Explained';
import { Mono } from '~/kit/Mono';
import { Empty, Page } from '~/kit/Page';
import { ProblemLine } from '~/kit/Problem';
import { Time } from '~/kit/Time';
import { Allowed, AllowedPage } from '~/parts/Allowed';
import { useDocumentTitle } from '~/parts/model';
import { useWhyNot } from '~/parts/session';
import { useChange } from '~/parts/useChange';
import { SecretForm } from './SecretForm';

const route = getRouteApi('/_in/secrets');

/** Names of secrets; what is in them goes in and never comes out. */
export function SecretsPage() {
  const { create } = route.useSearch();
  const navigate = route.useNavigate();
  const may = useWhyNot('CreateSecret') === undefined;
  const setAdding = (open: boolean) => void navigate({ search: { create: open || undefined }, replace: true });
  return (
    <Page
      documentTitle={useDocumentTitle('Secrets')}
      title="Secrets"
      subtitle="Passwords and keys that the portal uses by name. What is stored is encrypted, and never shown again."
      actions={
        <Allowed action="CreateSecret">
          <Button onClick={() => setAdding(true)}>New secret…</Button>
        </Allowed>
      }
    >
      <AllowedPage action="ReadSecrets">
        <List />
      </AllowedPage>
      <Modal opened={create === true && may} onClose={() => setAdding(false)} title="New secret">
        <SecretForm onDone={() => setAdding(false)} />
      </Modal>
    </Page>
  );
}

function List() {
  const [replacing, setReplacing] = useState<Secret>();
  const { data, isPending, error } = useQuery(secretsQuery);
  const whyChange = useWhyNot('UpdateSecret');
  const whyRemove = useWhyNot('DeleteSecret');
  const remove = useChange(removeSecret);
  if (error) return <ProblemLine level="error" message={error.message} />;
  if (data?.length === 0) {
    return (
      <Empty title="There is no secret yet.">
        A secret is used by its name, as <code>{'{{ .secrets["name"] }}'}</code>
      </Empty>
    );
  }
  const columns: DataColumn<Secret>[] = [
    { id: 'name', header: 'Name', cell: ({ secretName }) => <Mono>{secretName}</Mono> },
    { id: 'description', header: 'Description', wide: true, cell: ({ description }) => <span title={description}>{description}</span> },
    { id: 'updatedAt', header: 'Changed', cell: ({ updatedAt }) => <Time iso={updatedAt} /> },
    { id: 'updatedBy', header: 'By', cell: ({ updatedBy }) => updatedBy },
    {
      id: 'does',
      header: 'Change',
      cell: (secret) => (
        <>
          <Explained why={whyChange}>
            <Button variant="subtle" {...quiet} aria-label={`Replace ${secret.secretName}`} onClick={() => setReplacing(secret)}>
              Replace…
            </Button>
          </Explained>
          <Confirm
            variant="subtle"
            label="Delete…"
            name={`Delete ${secret.secretName}`}
            title={`Delete ${secret.secretName}?`}
            confirm="Delete"
            why={whyRemove}
            run={() => remove.mutateAsync(secret.secretName)}
          >
            Whatever uses it by this name stops working.
          </Confirm>
        </>
      ),
    },
  ];
  return (
    <>
      <DataTable natural label="Secrets" columns={columns} rows={data ?? []} rowId={({ secretName }) => secretName} waiting={isPending} />
      <Modal opened={replacing !== undefined} onClose={() => setReplacing(undefined)} title={`Replace ${replacing?.secretName ?? ''}`}>
        {replacing && <SecretForm secret={replacing} onDone={() => setReplacing(undefined)} />}
      </Modal>
    </>
  );
}
