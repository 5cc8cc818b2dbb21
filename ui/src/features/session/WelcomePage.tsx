import { useQuery } from '@tanstack/react-query';
import { Link, useLocation } from '@tanstack/react-router';
import { ApiError } from '~/api/client';
import { linkQuery, type LinkCheck } from '~/api/session';
import { Waiting } from '~/kit/Page';
import { Time } from '~/kit/Time';
import { useSession } from '~/parts/session';
import { Door } from './Door';
import { refusal } from './refusal';
import classes from './session.module.css';
import { useForgetting } from './useEnter';
import { WelcomeForm } from './WelcomeForm';

const titles: Record<LinkCheck['kind'], string> = {
  setup: 'Create the first administrator',
  invitation: 'Join',
  reset: 'Choose a new password',
};

/** Where a one-time link leads: its token is in the fragment, which no server and no log sees. */
export function WelcomePage() {
  useForgetting();
  const token = useLocation({ select: ({ hash }) => hash });
  const { data, error } = useQuery(linkQuery(token));
  const { viewer } = useSession();
  if (token === '') return <Dead text="This address is not complete: what comes after the # is missing. Copy the whole link." />;
  if (error) return <Dead text={explain(error)} />;
  if (!data) {
    return (
      <Door documentTitle="Welcome" title="Welcome">
        <Waiting lines={4} />
      </Door>
    );
  }
  return (
    <Door documentTitle={titles[data.kind]} title={titles[data.kind]}>
      <div className={classes.lead}>
        <p>{leads[data.kind]}</p>
        <p>
          The link works once, and ends <Time iso={data.expiresAt} />.
        </p>
        {viewer?.email && <p>You are signed in as {viewer.email}; this signs you in as somebody else.</p>}
      </div>
      <WelcomeForm token={token} link={data} />
    </Door>
  );
}

const leads: Record<LinkCheck['kind'], string> = {
  setup: 'This account may do everything here, and can invite others.',
  invitation: 'Choose a password for your account.',
  reset: 'Every session of this account ends, and the old password is no longer good.',
};

function Dead({ text }: { text: string }) {
  return (
    <Door documentTitle="Welcome" title="This link leads nowhere">
      <p className={classes.lead} role="alert">
        {text}
      </p>
      <Link to="/sign-in">Sign in</Link>
    </Door>
  );
}

function explain(error: Error): string {
  if (error instanceof ApiError && error.status === 404) {
    return 'It was used already, was taken back, or its time is over. An administrator can make another one.';
  }
  return refusal(error);
}
