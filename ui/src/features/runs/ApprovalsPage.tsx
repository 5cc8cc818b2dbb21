import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { approvalsQuery } from '~/api/runs';
import { Empty, Page, Waiting } from '~/kit/Page';
import { ProblemLine } from '~/kit/Problem';
import { count } from '~/lib/text';
import { useDocumentTitle } from '~/parts/model';
import { RunsTable } from '~/parts/runs/RunsTable';
import classes from './runs.module.css';

/** Runs that wait for the viewer: for a yes or no, or for what a workflow asks. */
export function ApprovalsPage() {
  const documentTitle = useDocumentTitle('Approvals');
  const { data, error } = useQuery(approvalsQuery);
  return (
    <Page documentTitle={documentTitle} title="Approvals" subtitle={data && data.total > 0 ? `${count(data.total, 'thing waits', 'things wait')} for you` : undefined}>
      {error && <ProblemLine level="error" message={error.message} />}
      {!data && !error && <Waiting />}
      {data && data.runs.length === 0 && (
        <Empty title="Nothing waits for you.">
          <p>
            Runs that you may approve, and questions of workflows to you, show up here. What has been decided is among{' '}
            <Link to="/runs" search={{ all: true }} className={classes.inlineLink}>
              all runs
            </Link>
            .
          </p>
        </Empty>
      )}
      {data && data.runs.length > 0 && <RunsTable label="Waiting for you" runs={data.runs} without={['took', 'status']} />}
      {data && data.total > data.runs.length && <p className="sd-dim">{data.total - data.runs.length} more are not listed.</p>}
    </Page>
  );
}
