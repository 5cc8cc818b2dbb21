import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { runsQuery } from '~/api/runs';
import { Empty } from '~/kit/Page';
import { Pager } from '~/kit/Pager';
import { ProblemLine } from '~/kit/Problem';
import { RunsTable } from './RunsTable';

const pageSize = 20;

/** What has been run for an entity. */
export function EntityRuns({ blueprint, entity }: { blueprint: string; entity: string }) {
  const [page, setPage] = useState(1);
  const { data, error, isPending, isPlaceholderData } = useQuery(runsQuery({ blueprint, entity, limit: pageSize, offset: (page - 1) * pageSize }));
  if (error) return <ProblemLine level="error" message={error.message} />;
  if (data?.total === 0) return <Empty title="Nothing has been run for this yet.">“Actions” at the top of the page shows what can be run.</Empty>;
  return (
    <>
      <RunsTable label="Runs" runs={data?.runs ?? []} without={['target']} waiting={isPending} busy={isPlaceholderData} />
      {data && data.total > pageSize && <Pager page={page} pageSize={pageSize} total={data.total} onPage={setPage} />}
    </>
  );
}
