import { useQueries } from '@tanstack/react-query';
import { tableQuery } from '~/api/queries';
import type { Facet, TableRequest, TableResult } from '~/api/types';

export type Facets = Record<string, Facet>;

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
