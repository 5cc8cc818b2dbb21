import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useState, type ReactNode } from 'react';
import { ApiError } from '~/api/client';
import { tableQuery } from '~/api/queries';
import type { Row, TableRequest } from '~/api/types';
import { DataTable, type Sort } from '~/kit/DataTable';
import { Pager } from '~/kit/Pager';
import { ProblemLine } from '~/kit/Problem';
import { useModel } from './model';
import { Cell } from './table/Cell';
import { columnCandidates, fieldNamed, fieldsAcross, fieldsOf, type Field } from './table/fields';

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
  onTotal?: (total: number) => void;
  /** Instead of rows when there are none. */
  empty?: ReactNode;
}

const noRows: Row[] = [];

/** The entities of a query as a compact table with pages: for cards, tabs and widgets. */
export function EntityTable({ label, blueprint, query, columns, without, sort: first, pageSize = 10, onTotal, empty }: EntityTableProps) {
  const fields = useFields(blueprint);
  const [page, setPage] = useState(1);
  const [sort, setSort] = useState<Sort[]>(first ?? []);
  const candidates = columnCandidates(fields).map((field) => field.id).filter((id) => !without?.includes(id));
  const { data, isPending, isPlaceholderData, error } = useQuery(
    tableQuery({ blueprint, query, sort, columns, usual: columns ? undefined : { fields: candidates, most: 5 }, offset: (page - 1) * pageSize, limit: pageSize }),
  );
  const total = data?.total;
  // what stands around it may show the number
  useEffect(() => {
    if (total !== undefined) onTotal?.(total);
  }, [total, onTotal]);
  const shown = data?.columns ?? columns ?? ['$title'];
  const key = shown.join('\n');
  const defs = useMemo(() => key.split('\n').map((id) => columnOf(fieldNamed(fields, id))), [key, fields]);
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
          setSort(next ? [next] : []);
          setPage(1);
        }}
        waiting={isPending}
        busy={isPlaceholderData}
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
