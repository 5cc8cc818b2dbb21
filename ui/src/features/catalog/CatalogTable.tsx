import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { tableQuery } from '~/api/queries';
import type { Blueprint, Row, TableRequest } from '~/api/types';
import { DataTable, type Sort } from '~/kit/DataTable';
import { Empty } from '~/kit/Page';
import { ApiError } from '~/api/client';
import { Pager } from '~/kit/Pager';
import { ProblemLine } from '~/kit/Problem';
import { columnOf } from './columns';
import { useSparseFields, useFacets } from './facets';
import { columnCandidates, facetFields, fieldsOf, typedValue, visibleFields, type Field } from './fields';
import type { CatalogSearch } from './search';
import { Toolbar } from './Toolbar';

const route = getRouteApi('/_in/catalog/$blueprint');
const pageSize = 50;
const noRows: Row[] = [];

export function CatalogTable({ blueprint }: { blueprint: Blueprint }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  // not of the whole blueprint: its count changes with every entity, and new columns are new cells that lose the focus
  const { properties, relations } = blueprint;
  const fields = useMemo(() => fieldsOf({ properties, relations }), [properties, relations]);
  const sparse = useSparseFields(blueprint.identifier, columnCandidates(fields));
  const visible = useMemo(() => visibleFields(fields, search.cols, new Set(sparse)), [fields, search.cols, sparse]);
  const columns = useMemo(() => visible.map(columnOf), [visible]);
  const request = requestOf(blueprint, fields, search);
  const { data, isPending, isPlaceholderData, error } = useQuery(tableQuery(request));
  const facets = useFacets(request, data);

  // whatever changes the rows leads back to the first page
  const change = (next: Partial<CatalogSearch>, replace = false) =>
    void navigate({ search: (old) => ({ ...old, page: undefined, ...next }), replace });

  const total = data?.total ?? 0;
  const narrowed = Boolean(search.q || search.filters);
  return (
    <>
      <Toolbar blueprint={blueprint} fields={fields} visible={visible} search={search} request={request} data={data} facets={facets} onChange={change} />
      {error && <ProblemLine level="error" message={error instanceof ApiError ? error.message : String(error)} />}
      {data && total === 0 ? (
        <NoRows blueprint={blueprint} narrowed={narrowed} onClear={() => change({ q: undefined, filters: undefined })} />
      ) : (
        !error && (
          <DataTable
            label={blueprint.title}
            columns={columns}
            rows={data?.rows ?? noRows}
            rowId={(row) => row.identifier}
            sort={sortOf(search.sort)}
            onSort={(sort) => change({ sort: sort && (sort.order === 'desc' ? `-${sort.field}` : sort.field) })}
            waiting={isPending || sparse === undefined}
            busy={isPlaceholderData}
          />
        )
      )}
      {total > 0 && (
        <Pager
          page={search.page ?? 1}
          pageSize={pageSize}
          total={total}
          onPage={(page) => change({ page: page > 1 ? page : undefined })}
        />
      )}
    </>
  );
}

function requestOf(blueprint: Blueprint, fields: Field[], search: CatalogSearch): TableRequest {
  const byId = new Map(fields.map((field) => [field.id, field]));
  return {
    blueprint: blueprint.identifier,
    search: search.q,
    filters: Object.entries(search.filters ?? {}).map(([field, values]) => ({
      field,
      values: values.map((value) => typedValue(byId.get(field), value)),
    })),
    sort: sortOf(search.sort) ?? { field: 'title', order: 'asc' },
    offset: ((search.page ?? 1) - 1) * pageSize,
    limit: pageSize,
    facets: facetFields(fields).map((field) => field.id),
  };
}

function sortOf(sort: string | undefined): Sort | undefined {
  if (!sort) return undefined;
  return sort.startsWith('-') ? { field: sort.slice(1), order: 'desc' } : { field: sort, order: 'asc' };
}

function NoRows({ blueprint, narrowed, onClear }: { blueprint: Blueprint; narrowed: boolean; onClear: () => void }) {
  if (narrowed) {
    return (
      <Empty title="Nothing matches the filters.">
        <Button variant="default" mt={8} onClick={onClear}>
          Clear the filters
        </Button>
      </Empty>
    );
  }
  return (
    <Empty title={`There is no ${blueprint.title.toLowerCase()} yet.`}>
      <Link to="/documents">Add a document</Link>
      {blueprint.kind ? (
        <>
          {' '}
          with <code>kind: {blueprint.kind}</code>,
        </>
      ) : (
        ','
      )}{' '}
      or send one through the API.
    </Empty>
  );
}
