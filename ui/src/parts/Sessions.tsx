import { useQuery } from '@tanstack/react-query';
import { endSession, endSessions, sessionsQuery, type BrowserSession } from '~/api/people';
import { Confirm } from '~/kit/Confirm';
import { DataTable, type DataColumn } from '~/kit/DataTable';
import { Chip, Mono } from '~/kit/Mono';
import { Section } from '~/kit/Page';
import { ProblemLine } from '~/kit/Problem';
import { Time } from '~/kit/Time';
import { browserName } from '~/lib/text';
import { useWhyNot } from './session';
import { useChange } from './useChange';
import classes from './parts.module.css';

/** Where somebody is signed in. */
export function Sessions({ user }: { user: string }) {
  const { data, isPending, error } = useQuery(sessionsQuery(user));
  const why = useWhyNot('EndSession');
  const one = useChange(endSession);
  const all = useChange(() => endSessions(user));
  const columns: DataColumn<BrowserSession>[] = [
    {
      id: 'agent',
      header: 'Browser',
      cell: (session) => (
        <span title={session.agent ?? undefined}>
          {browserName(session.agent)} {session.current && <Chip>this one</Chip>}
        </span>
      ),
    },
    { id: 'address', header: 'From', cell: ({ address }) => <Mono>{address ?? 'unknown'}</Mono> },
    { id: 'createdAt', header: 'Signed in', cell: ({ createdAt }) => <Time iso={createdAt} /> },
    { id: 'lastSeenAt', header: 'Last seen', cell: ({ lastSeenAt }) => <Time iso={lastSeenAt} /> },
    { id: 'expiresAt', header: 'Ends', cell: ({ expiresAt }) => <Time iso={expiresAt} /> },
    {
      id: 'end',
      header: 'End',
      cell: (session) => (
        <Confirm
          variant="subtle"
          label="End…"
          name={`End the session of ${browserName(session.agent)} from ${session.address ?? 'unknown'}`}
          title="End this session?"
          confirm="End it"
          why={why}
          run={() => one.mutateAsync(session.id)}
        >
          {session.current ? 'It is the one that you are looking at: you are signed out.' : 'Whoever uses it has to sign in again.'}
        </Confirm>
      ),
    },
  ];
  return (
    <Section title="Sessions" aside={data && data.length > 0 && (
      <Confirm variant="subtle" label="End all…" title="End all sessions?" confirm="End all" why={why} run={() => all.mutateAsync(undefined)}>
        Every browser in which {user} is signed in has to sign in again.
      </Confirm>
    )}>
      {error && <ProblemLine level="error" message={error.message} />}
      {data?.length === 0 ? (
        <p className={classes.none}>Signed in nowhere.</p>
      ) : (
        !error && <DataTable natural label="Sessions" columns={columns} rows={data ?? []} rowId={({ id }) => id} waiting={isPending} />
      )}
    </Section>
  );
}
