import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import { changeUser, makeResetLink, removeUser, usersQuery, type MadeLink, type User } from '~/api/people';
import { nameOf } from '~/api/session';
import { Button } from '@mantine/core';
import { AccountMark } from '~/kit/AccountMark';
import { Confirm } from '~/kit/Confirm';
import { Explained } from '~/kit/Explained';
import { Empty, Page, Section, Waiting } from '~/kit/Page';
import { ProblemLine } from '~/kit/Problem';
import { Time } from '~/kit/Time';
import { AllowedPage } from '~/parts/Allowed';
import { MadeOnce } from '~/parts/MadeOnce';
import { useDocumentTitle } from '~/parts/model';
import { useOpenSession, useWhyNot } from '~/parts/session';
import { Sessions } from '~/parts/Sessions';
import { Tokens } from '~/parts/Tokens';
import { useChange } from '~/parts/useChange';
import classes from './people.module.css';
import { PersonForm } from './PersonForm';

const route = getRouteApi('/_in/person');

/** One person: what it may do, and where it is signed in. */
export function PersonPage() {
  const { id } = route.useSearch();
  const { data, error } = useQuery(usersQuery);
  const user = data?.find(({ email }) => email === id.toLowerCase());
  const title = user ? nameOf(user) : id;
  return (
    <Page documentTitle={useDocumentTitle(title, 'People')} title={title} subtitle={user && <Subtitle user={user} />}>
      <AllowedPage action="ReadUsers">
        {error && <ProblemLine level="error" message={error.message} />}
        {!data && !error && <Waiting />}
        {data && !user && (
          <Empty title="There is nobody of this address.">
            <Link to="/people">See everybody</Link>
          </Empty>
        )}
        {user && <Person key={user.email} user={user} />}
      </AllowedPage>
    </Page>
  );
}

function Subtitle({ user }: { user: User }) {
  return (
    <>
      {user.email} · <AccountMark status={user.status} /> · added <Time iso={user.createdAt} />
    </>
  );
}

function Person({ user }: { user: User }) {
  const { viewer } = useOpenSession();
  const why = useWhyNot('UpdateUser');
  const own = viewer.email === user.email;
  return (
    <>
      <Section title="Role and teams">
        <PersonForm key={JSON.stringify([user.roles, user.teamsIdentifiers])} user={user} why={why} />
      </Section>
      <Section title="Access">
        <Access user={user} />
      </Section>
      {(own || why === undefined) && (
        <>
          <Sessions user={user.email} />
          <Tokens owner={user.email} mayMake={false} />
        </>
      )}
    </>
  );
}

function Access({ user }: { user: User }) {
  const [made, setMade] = useState<MadeLink>();
  const why = useWhyNot('UpdateUser');
  const whyRemove = useWhyNot('DeleteUser');
  const status = useChange((next: User['status']) => changeUser(user.email, { status: next }));
  const remove = useChange(() => removeUser(user.email));
  const link = useChange(() => makeResetLink(user.email), setMade);
  const inactive = user.status === 'ACTIVE' ? undefined : 'Only somebody who is active can get a new password. An invitation lets the others in.';
  return (
    <>
      <div className={classes.danger}>
        <Explained why={why ?? inactive}>
          <Button variant="default" loading={link.isPending} onClick={() => link.mutate(undefined)}>
            Link for a new password
          </Button>
        </Explained>
        {user.status === 'DISABLED' ? (
          <Explained why={why}>
            <Button variant="default" loading={status.isPending} onClick={() => status.mutate('ACTIVE')}>
              Enable
            </Button>
          </Explained>
        ) : (
          <Confirm label="Disable…" title={`Disable ${user.email}?`} confirm="Disable" why={why} run={() => status.mutateAsync('DISABLED')}>
            Its sessions end at once, its tokens are refused, and it cannot sign in.
          </Confirm>
        )}
        <Confirm label="Remove…" title={`Remove ${user.email}?`} confirm="Remove" why={whyRemove} run={() => remove.mutateAsync(undefined)}>
          The person is gone from all teams. What it did stays in the audit log.
        </Confirm>
      </div>
      {[link.error, user.status === 'DISABLED' ? status.error : null].map((error, i) => error && <ProblemLine key={i} level="error" message={error.message} />)}
      <MadeOnce title="The link is made" values={made ? [{ label: `Link for ${user.email}`, value: made.link }] : []} onClose={() => setMade(undefined)}>
        Whoever has it can choose a new password, once. It ends {made && <Time iso={made.expiresAt} />}.
      </MadeOnce>
    </>
  );
}
