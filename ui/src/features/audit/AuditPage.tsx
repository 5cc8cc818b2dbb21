import { Button } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { auditQuery, type AuditEvent, type AuditPage as LogPage } from '~/api/audit';
import { Empty, Page, Waiting } from '~/kit/Page';
import { ProblemLine } from '~/kit/Problem';
import { Time } from '~/kit/Time';
import { count } from '~/lib/text';
import { AllowedPage } from '~/parts/Allowed';
import { useDocumentTitle } from '~/parts/model';
import classes from './audit.module.css';
import { EventLine } from './EventLine';
import { ExportLog } from './ExportLog';
import { Filters } from './Filters';
import { filtersOf } from './search';

const route = getRouteApi('/_in/audit');

/** Who did and tried what, newest first. */
export function AuditPage() {
  const search = route.useSearch();
  return (
    <Page
      documentTitle={useDocumentTitle('Audit log')}
      title="Audit log"
      subtitle="Every change, every sign-in and every refused attempt. Nothing here can be changed or deleted."
      actions={<ExportLog filters={filtersOf(search)} />}
    >
      <AllowedPage action="ReadAuditLog">
        <Filters />
        <Log />
      </AllowedPage>
    </Page>
  );
}

function Log() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { data, error, isPending, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(auditQuery(filtersOf(search)));
  if (error) return <ProblemLine level="error" message={error.message} />;
  if (isPending) return <Waiting />;
  const events = data.pages.flatMap(({ events: some }: LogPage) => some);
  const back = data.pages.at(-1)?.searchedBackTo;
  const toggle = ({ id }: AuditEvent) => void navigate({ search: (old) => ({ ...old, open: old.open === id ? undefined : id }), replace: true });
  return (
    <>
      <ol className={classes.log} aria-label="Audit log">
        {events.map((event) => (
          <EventLine key={event.id} event={event} open={search.open === event.id} onToggle={() => toggle(event)} />
        ))}
      </ol>
      {events.length === 0 && !hasNextPage && (
        <Empty title="Nothing matches.">
          <Button variant="default" mt={8} onClick={() => void navigate({ search: {} })}>
            Clear the filters
          </Button>
        </Empty>
      )}
      <div className={classes.more} role="status">
        {events.length > 0 && <span>{count(events.length, 'line')} shown</span>}
        {hasNextPage ? (
          <>
            <Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
              Show older
            </Button>
            {back && (
              <span className="sd-dim">
                searched back to <Time iso={back} />
              </span>
            )}
          </>
        ) : (
          events.length > 0 && <span className="sd-dim">that is all</span>
        )}
      </div>
    </>
  );
}
