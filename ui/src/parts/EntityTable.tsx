import { useQuery } from '@tanstack/react-query';
import { useMemo, useState, type ReactNode } from 'react';
import { ApiError } from '~/api/client';
import { tableQuery } from '~/api/queries';
import type { LevelsOf, Row, TableRequest, TableTab } from '~/api/types';
import { DataTable, type Sort } from '~/kit/DataTable';
import { Pager } from '~/kit/Pager';
import { ProblemLine } from '~/kit/Problem';
import { useModel } from './model';
import { Cell } from './table/Cell';
import { columnCandidates, fieldNamed, fieldsAcross, fieldsOf, type Field } from './table/fields';

interface FirstPageProps {
  label: string;
  table: TableTab;
  empty?: ReactNode;
}

/** A table whose first page has come with what is around it; only the others are asked for. */
export function TabTable({ label, table: { blueprint, first, sort }, empty }: FirstPageProps) {
  return <EntityTable label={label} blueprint={blueprint ?? undefined} query={first.query} columns={first.columns} sort={sort} first={first} pageSize={pageOfTab} empty={empty} />;
}

interface EntityTableProps {
  /** Its accessible name. */
  label: string;
  /** One blueprint; all when absent. */
  blueprint?: string;
  /** Text of the query language, or Port's search rules. */
  query?: TableRequest['query'];
  /** Fields, `$title` first; the usual ones when absent. */
  columns?: string[];
  /** Fields that the usual columns leave out. */
  without?: string[];
  sort?: Sort[];
  pageSize?: number;
  /** What is there already of the first page in this order. */
  first?: TableTab['first'];
  /** Instead of rows when there are none. */
  empty?: ReactNode;
}

const noRows: Row[] = [];
const noSort: Sort[] = [];
/** As the server gives out first pages. */
const pageOfTab = 10;

/** The entities of a query as a compact table with pages: for cards, tabs and widgets. */
export function EntityTable({ label, blueprint, query, columns, without, sort: given = noSort, pageSize = 10, first, empty }: EntityTableProps) {
  const fields = useFields(blueprint);
  const [page, setPage] = useState(1);
  const [chosen, setSort] = useState<Sort[]>();
  const sort = chosen ?? given;
  const known = page === 1 && chosen === undefined ? first : undefined;
  const candidates = columnCandidates(fields).map((field) => field.id).filter((id) => !without?.includes(id));
  const asked = useQuery({
    ...tableQuery({ blueprint, query, sort, columns, usual: columns ? undefined : { fields: candidates, most: 5 }, offset: (page - 1) * pageSize, limit: pageSize }),
    enabled: known === undefined,
  });
  const error = known ? null : asked.error;
  // what is there stays until the other page comes
  const data = known ?? asked.data ?? first;
  const busy = known === undefined && asked.data !== undefined ? asked.isPlaceholderData : known === undefined && first !== undefined;
  const shown = data?.columns ?? columns ?? ['$title'];
  const key = shown.join('\n');
  const levels = JSON.stringify(data?.levels ?? {});
  const defs = useMemo(() => key.split('\n').map((id) => columnOf(fieldNamed(fields, id, JSON.parse(levels) as LevelsOf))), [key, fields, levels]);
  if (error) return <ProblemLine level="error" message={error instanceof ApiError ? error.message : String(error)} />;
  if (data && data.total === 0) return <>{empty ?? <p className="sd-dim">Nothing here.</p>}</>;
  return (
    <>
      <DataTable
        natural
        label={label}
        columns={defs}
        rows={data?.rows ?? noRows}
        rowId={(row) => `${row.blueprint} ${row.identifier}`}
        sort={sort[0]}
        onSort={(next) => {
          setSort(next && [next]);
          setPage(1);
        }}
        waiting={data === undefined}
        busy={busy}
      />
      {data && data.total > pageSize && <Pager page={page} pageSize={pageSize} total={data.total} onPage={setPage} />}
    </>
  );
}

/** The fields of a blueprint, or of all. */
export function useFields(blueprint: string | undefined): Field[] {
  const { blueprints } = useModel();
  const own = blueprints.find(({ identifier }) => identifier === blueprint);
  // not of the whole blueprint: its count changes with every entity, and new columns are new cells that lose the focus
  const key = JSON.stringify(own ? [own.properties, own.relations] : blueprints.map(({ properties, relations }) => [properties, relations]));
  return useMemo(() => {
    const parts = JSON.parse(key) as unknown[];
    if (own) return fieldsOf({ properties: parts[0], relations: parts[1] } as Parameters<typeof fieldsOf>[0]);
    return fieldsAcross((parts as unknown[][]).map(([properties, relations]) => ({ properties, relations }) as Parameters<typeof fieldsOf>[0]));
    // `own` is in the key
    // eslint-disable-next-line
  }, [key]);
}

const columnOf = (field: Field) => ({
  id: field.id,
  header: field.title,
  sortable: field.sortable,
  align: field.property?.type === 'number' ? ('right' as const) : undefined,
  cell: (row: Row) => <Cell row={row} field={field} />,
});
