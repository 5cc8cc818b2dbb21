import { Link } from '@tanstack/react-router';
import type { Home } from '~/api/home';
import { Section } from '~/kit/Page';
import { formatNumber } from '~/lib/text';
import { RunList } from '~/parts/runs/RunList';
import classes from './home.module.css';

/** What the reader has run last. */
export function MyRuns({ home: { runs } }: { home: Home }) {
  return (
    <Section
      title="My runs"
      aside={
        <Link to="/runs" className={classes.quietLink}>
          All
        </Link>
      }
    >
      <RunList runs={runs} label="My runs" />
    </Section>
  );
}

/** Runs that wait for the reader's yes or no. */
export function MyApprovals({ home: { approvals, approvalsTotal } }: { home: Home }) {
  return (
    <Section
      title="Waiting for my approval"
      aside={
        <Link to="/approvals" className={classes.quietLink}>
          All {formatNumber(approvalsTotal)}
        </Link>
      }
    >
      <RunList runs={approvals} label="Waiting for my approval" who />
    </Section>
  );
}
