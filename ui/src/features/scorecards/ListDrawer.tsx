import { Button, Drawer, Select } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { listQuery, type CheckStatus, type ListedEntity, type Scorecard } from '~/api/scorecards';
import { DataTable, type DataColumn } from '~/kit/DataTable';
import { ProblemLine } from '~/kit/Problem';
import { SearchField } from '~/kit/SearchField';
import { Time } from '~/kit/Time';
import { toCsv } from '~/lib/csv';
import { save } from '~/lib/save';
import { count, formatNumber } from '~/lib/text';
import { EntityLink } from '~/parts/EntityLink';
import { LevelBadge } from '~/parts/scorecards/Level';
import { StatusMark, statusLooks } from '~/parts/scorecards/Status';
import { statuses } from '~/parts/scorecards/counts';
import type { PartProps } from './AtAGlance';
import { listAsk, noGroup } from './list';
import classes from './scorecards.module.css';

const closed = { list: undefined, rule: undefined, status: undefined, level: undefined, group: undefined, q: undefined };

/** The entities behind a number. What it lists stands in the address. */
export function ListDrawer(props: PartProps) {
  const { search, onSearch } = props;
  return (
    <Drawer opened={search.list === true} onClose={() => onSearch(closed)} position="right" size="min(760px, 100%)" title={titleOf(props)} transitionProps={{ duration: 0 }} closeButtonProps={{ 'aria-label': 'Close' }} overlayProps={{ backgroundOpacity: 0.25 }}>
      {search.list && <List {...props} />}
    </Drawer>
  );
}

function titleOf({ scorecard, search: { rule, group } }: PartProps): string {
  const of = scorecard.rules.find(({ identifier }) => identifier === rule)?.title ?? scorecard.title;
  return group === undefined ? of : `${of}: ${group === noGroup ? 'no value' : group}`;
}

const noRows: ListedEntity[] = [];
/** What can be asked for where no rule is named. */
const notApplicable: CheckStatus[] = ['notApplicable'];

function List({ scorecard, search, onSearch }: PartProps) {
  const { blueprint, identifier, rules, levels, groupings } = scorecard;
  const by = search.by ?? groupings[0]?.key ?? '$team';
  const list = useInfiniteQuery(listQuery({ blueprint, scorecard: identifier }, listAsk(search, by)));
  const rows = useMemo(() => list.data?.pages.flatMap(({ entities }) => entities) ?? noRows, [list.data]);
  const total = list.data?.pages[0]?.total;
  const withStatus = search.rule !== undefined;
  const columns = useMemo(() => columnsOf(scorecard, withStatus), [scorecard, withStatus]);
  return (
    <>
      <div className={classes.drawerTools}>
        <SearchField label="Find an entity" value={search.q ?? ''} onChange={(q) => onSearch({ q: q || undefined })} />
        <Select aria-label="Rule" placeholder="Any rule" clearable searchable data={rules.map((rule) => ({ value: rule.identifier, label: rule.title }))} value={search.rule ?? null} onChange={(rule) => onSearch({ rule: rule ?? undefined, status: rule || search.status === 'notApplicable' ? search.status : undefined })} />
        <Select aria-label="Status" placeholder="Any status" clearable data={(withStatus ? statuses : notApplicable).map((status) => ({ value: status, label: statusLooks[status].words }))} value={search.status ?? null} onChange={(status) => onSearch({ status: (status as CheckStatus | null) ?? undefined })} />
        <Select aria-label="Level" placeholder="Any level" clearable data={levels.map(({ title }) => title)} value={search.level ?? null} onChange={(level) => onSearch({ level: level ?? undefined })} />
        {search.group !== undefined && (
          <Button variant="default" onClick={() => onSearch({ group: undefined })}>
            All groups
          </Button>
        )}
      </div>
      {list.error && <ProblemLine level="error" message={list.error.message} />}
      {total === 0 ? (
        <p className="sd-dim" role="status">
          Nothing matches.
        </p>
      ) : (
        !list.error && (
          <>
            <div className={classes.tools}>
              <span className="sd-dim" role="status">
                {total === undefined ? 'Loading…' : count(total, 'entity', 'entities')}
                {total !== undefined && rows.length < total && `, ${formatNumber(rows.length)} shown`}
              </span>
              <Button size="compact-xs" variant="subtle" color="gray" onClick={() => save(`${identifier}.csv`, csvOf(rows))}>
                Export {total !== undefined && rows.length < total ? `these ${formatNumber(rows.length)} ` : ''}as CSV
              </Button>
            </div>
            <DataTable natural label="Entities" columns={columns} rows={rows} rowId={(row) => `${row.blueprint} ${row.identifier}`} waiting={list.isPending} busy={list.isPlaceholderData} />
          </>
        )
      )}
      {list.hasNextPage && (
        <Button variant="default" mt={10} loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          Show more
        </Button>
      )}
    </>
  );
}

function columnsOf({ levels }: Scorecard, withStatus: boolean): DataColumn<ListedEntity>[] {
  const columns: DataColumn<ListedEntity>[] = [
    { id: 'title', header: 'Entity', cell: ({ blueprint, identifier, title }) => <EntityLink link={{ blueprint, identifier, title, ref: identifier, exists: true }} /> },
    { id: 'level', header: 'Level', cell: ({ level }) => level && <LevelBadge level={level} of={levels} /> },
    { id: 'teams', header: 'Teams', cell: ({ teams }) => teams.join(', ') },
  ];
  if (!withStatus) return columns;
  return [
    ...columns.slice(0, 1),
    { id: 'status', header: 'Status', cell: ({ status }) => status && <StatusMark status={status} /> },
    { id: 'since', header: 'Since', cell: ({ since }) => since && <Time iso={since} /> },
    ...columns.slice(1),
  ];
}

const csvOf = (rows: ListedEntity[]) => toCsv(['identifier', 'title', 'level', 'status', 'since', 'teams'], rows.map((row) => [row.identifier, row.title, row.level, row.status, row.since, row.teams.join('; ')]));
