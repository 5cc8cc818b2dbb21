import { Button, Modal } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { createToken, revokeToken, tokensQuery, type Token } from '~/api/tokens';
import { Confirm } from '~/kit/Confirm';
import { DataTable, type DataColumn } from '~/kit/DataTable';
import { Mono } from '~/kit/Mono';
import { Section } from '~/kit/Page';
import { ProblemLine } from '~/kit/Problem';
import { Time } from '~/kit/Time';
import { Explained } from '~/kit/Explained';
import { MadeOnce } from './MadeOnce';
import { NewToken } from './NewToken';
import classes from './parts.module.css';
import { useWhyNot } from './session';
import { useChange } from './useChange';

interface TokensProps {
  /** A person's address or a service account's identifier. */
  owner: string;
  /** Tokens of people are made by themselves alone. */
  mayMake: boolean;
  title?: string;
  serviceAccount?: boolean;
}

/** Tokens of one owner: made, shown once, revoked. */
export function Tokens({ owner, mayMake, title = 'Tokens', serviceAccount = false }: TokensProps) {
  const [making, setMaking] = useState(false);
  const [secret, setSecret] = useState<string>();
  const { data, isPending, error } = useQuery(tokensQuery(owner));
  const whyNew = useWhyNot('CreateToken');
  const whyRevoke = useWhyNot('RevokeToken');
  const make = useChange(createToken, ({ token }) => {
    setSecret(token);
    setMaking(false);
  });
  const revoke = useChange(revokeToken);
  const close = () => {
    setMaking(false);
    make.reset();
  };
  return (
    <Section
      title={title}
      aside={
        mayMake && (
          <Explained why={whyNew}>
            <Button variant="default" onClick={() => setMaking(true)}>
              New token…
            </Button>
          </Explained>
        )
      }
    >
      {error && <ProblemLine level="error" message={error.message} />}
      {data?.length === 0 ? (
        <p className={classes.none}>None. A token lets a script or a program call the API{serviceAccount ? ' as this service account' : ' in this name'}.</p>
      ) : (
        !error && (
          <DataTable natural label={title} columns={columnsOf(whyRevoke, (id) => revoke.mutateAsync(id))} rows={data ?? []} rowId={({ id }) => id} waiting={isPending} />
        )
      )}
      <Modal opened={making} onClose={close} title="New token" size="lg">
        <NewToken busy={make.isPending} error={make.error} onCancel={close} onMake={(body) => make.mutate(serviceAccount ? { ...body, owner } : body)} />
      </Modal>
      <MadeOnce
        title="The token is made"
        values={secret ? [{ label: 'Token', value: secret }] : []}
        onClose={() => {
          setSecret(undefined);
          make.reset();
        }}
      >
        Programs send it as <code>Authorization: Bearer …</code>
      </MadeOnce>
    </Section>
  );
}

const columnsOf = (why: string | undefined, revoke: (id: string) => Promise<unknown>): DataColumn<Token>[] => [
  { id: 'name', header: 'Name', cell: ({ name }) => name },
  { id: 'ending', header: 'Ends with', cell: ({ ending }) => <Mono>…{ending}</Mono> },
  {
    id: 'scopes',
    header: 'May',
    cell: ({ scopes }) => (!scopes ? 'whatever the owner may' : <span title={scopes.join('\n')}>{scopes.join(', ')}</span>),
  },
  { id: 'expiresAt', header: 'Good until', cell: ({ expiresAt }) => (expiresAt ? <Time iso={expiresAt} /> : 'it is revoked') },
  { id: 'lastUsedAt', header: 'Last used', cell: ({ lastUsedAt }) => (lastUsedAt ? <Time iso={lastUsedAt} /> : <span className="sd-dim">never</span>) },
  { id: 'createdAt', header: 'Made', cell: ({ createdAt }) => <Time iso={createdAt} /> },
  {
    id: 'revoke',
    header: 'Revoke',
    cell: ({ id, name }) => (
      <Confirm variant="subtle" label="Revoke…" name={`Revoke the token ${name}`} title={`Revoke “${name}”?`} confirm="Revoke" why={why} run={() => revoke(id)}>
        The next request with it is refused.
      </Confirm>
    ),
  },
];
