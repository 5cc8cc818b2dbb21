import { useQueries, useQuery } from '@tanstack/react-query';
import { tableQuery } from '~/api/queries';
import type { Facet, TableRequest, TableResult } from '~/api/types';
import type { Field } from './fields';

export type Facets = Record<string, Facet>;

/** The fields that hardly any entity of the blueprint has a value for; undefined until that is known. */
export function useSparseFields(blueprint: string, fields: Field[]): string[] | undefined {
  const facets = fields.map(({ id }) => id);
  const { data, isError } = useQuery({
    ...tableQuery({ blueprint, facets, limit: 1 }),
    // a column that comes or goes while one is looking is worse than an empty one
    staleTime: Infinity,
    meta: { still: true },
    select: sparseFields,
  });
  return isError ? none : data;
}

const none: string[] = [];

// a column earns its place when one row in five has something to say
const sparseFields = ({ facets, total }: TableResult) =>
  total === 0 ? none : Object.entries(facets).flatMap(([field, { missing }]) => (missing > total * 0.8 ? [field] : []));

/**
 * The facets of a table. A field that is filtered by is counted once more without its own filter,
 * so that its other values stay on offer, with the number of rows that they would add.
 */
export function useFacets(request: TableRequest, data: TableResult | undefined): Facets {
  const filters = request.filters ?? [];
  const asked = filters.filter(({ field }) => request.facets?.includes(field));
  return useQueries({
    queries: asked.map(({ field }) =>
      tableQuery({
        blueprint: request.blueprint,
        search: request.search,
        filters: filters.filter((other) => other.field !== field),
        facets: [field],
        limit: 1,
      }),
    ),
    combine: (results) => Object.assign({}, data?.facets, ...results.map((result) => result.data?.facets)) as Facets,
  });
}
