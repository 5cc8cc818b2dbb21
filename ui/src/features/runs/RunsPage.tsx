import { Button, SegmentedControl, Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { runsQuery, type RunKind, type RunStatus } from '~/api/runs';
import { Empty, Page } from '~/kit/Page';
import { Pager } from '~/kit/Pager';
import { ProblemLine } from '~/kit/Problem';
import { SearchField } from '~/kit/SearchField';
import { count } from '~/lib/text';
import { useDocumentTitle } from '~/parts/model';
import { RunsTable } from '~/parts/runs/RunsTable';
import { statuses, statusWords } from '~/parts/runs/RunState';
import classes from './runs.module.css';
import type { RunsSearch } from './search';

const route = getRouteApi('/_in/runs');
const pageSize = 30;
const kinds: { value: RunKind; label: string }[] = [
  { value: 'action', label: 'Actions' },
  { value: 'template', label: 'Templates' },
  { value: 'automation', label: 'Automations' },
  { value: 'workflow', label: 'Workflows' },
];

/** What has been run: by the viewer, or by everybody. */
export function RunsPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const documentTitle = useDocumentTitle('Runs');
  const { all, q, status, kind, page = 1 } = search;
  const { data, error, isPending, isPlaceholderData } = useQuery(runsQuery({ mine: all ? undefined : true, q, status, kind, limit: pageSize, offset: (page - 1) * pageSize }));
  const put = (patch: RunsSearch) => void navigate({ search: (old) => ({ ...old, page: undefined, ...patch }), replace: true });
  const filtered = Boolean(q || status || kind);
  return (
    <Page documentTitle={documentTitle} title="Runs" subtitle={data ? `${count(data.total, 'run')}${all ? '' : ' of yours'}` : undefined}>
      <div className={classes.filters}>
        <SegmentedControl size="xs" aria-label="Whose runs" value={all ? 'all' : 'mine'} onChange={(next) => put({ all: next === 'all' ? true : undefined })} data={[{ value: 'mine', label: 'My runs' }, { value: 'all', label: 'All' }]} />
        <SearchField label="Find a run" value={q ?? ''} onChange={(next) => put({ q: next || undefined })} />
        <Select aria-label="Status" placeholder="Any status" clearable w={180} data={statuses.map((one) => ({ value: one, label: statusWords(one) }))} value={status ?? null} onChange={(next) => put({ status: (next as RunStatus | null) ?? undefined })} />
        <Select aria-label="Kind" placeholder="Any kind" clearable w={150} data={kinds} value={kind ?? null} onChange={(next) => put({ kind: (next as RunKind | null) ?? undefined })} />
      </div>
      {error && <ProblemLine level="error" message={error.message} />}
      {data && data.total === 0 ? (
        filtered ? (
          <Empty title="No run matches.">
            <Button variant="default" onClick={() => void navigate({ search: { all }, replace: true })}>
              Show all
            </Button>
          </Empty>
        ) : (
          <Empty title={all ? 'Nothing has been run yet.' : 'You have not run anything yet.'}>
            <Link to="/self-service" className={classes.inlineLink}>
              See what can be run
            </Link>
          </Empty>
        )
      ) : (
        !error && (
          <>
            <RunsTable label="Runs" runs={data?.runs ?? []} without={all ? undefined : ['starter']} waiting={isPending} busy={isPlaceholderData} />
            {data && data.total > pageSize && <Pager page={page} pageSize={pageSize} total={data.total} onPage={(next) => put({ page: next > 1 ? next : undefined })} />}
          </>
        )
      )}
    </Page>
  );
}
