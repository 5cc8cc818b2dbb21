import { useQuery } from '@tanstack/react-query';
import { invitationsQuery, takeBackInvitation, type Invitation } from '~/api/people';
import { Confirm } from '~/kit/Confirm';
import { DataTable, type DataColumn } from '~/kit/DataTable';
import { Section } from '~/kit/Page';
import { ProblemLine } from '~/kit/Problem';
import { Time } from '~/kit/Time';
import { useChange } from '~/parts/useChange';

/** Links that were handed out and not used yet. */
export function Invitations() {
  const { data = [], error } = useQuery(invitationsQuery);
  const { mutateAsync } = useChange(takeBackInvitation);
  if (error) return <ProblemLine level="error" message={error.message} />;
  if (data.length === 0) return null;
  const columns: DataColumn<Invitation>[] = [
    { id: 'email', header: 'E-mail', cell: ({ email }) => email },
    { id: 'by', header: 'Invited by', cell: ({ by }) => by },
    { id: 'createdAt', header: 'Invited', cell: ({ createdAt }) => <Time iso={createdAt} /> },
    { id: 'expiresAt', header: 'The link ends', cell: ({ expiresAt }) => <Time iso={expiresAt} /> },
    {
      id: 'take-back',
      header: 'Take back',
      cell: ({ id, email }) => (
        <Confirm
          variant="subtle"
          label="Take back…"
          name={`Take back the invitation of ${email}`}
          title={`Take back the invitation of ${email}?`}
          confirm="Take it back"
          run={() => mutateAsync(id)}
        >
          The link that was handed over is no longer good.
        </Confirm>
      ),
    },
  ];
  return (
    <Section title="Open invitations">
      <DataTable natural label="Open invitations" columns={columns} rows={data} rowId={({ id }) => id} />
    </Section>
  );
}
