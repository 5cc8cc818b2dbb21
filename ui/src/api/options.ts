import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { backstage, client, unwrap } from './client';
import type { TableRequest } from './types';

/** Something that a field offers. */
export interface Option {
  value: string;
  label: string;
  detail?: string;
}

/** How many are offered at once; typing narrows them down. */
export const mostOptions = 30;

/** Entities of a blueprint by what was typed, and how many there are. */
export const entityOptions = (request: Pick<TableRequest, 'blueprint' | 'query' | 'sort'>, search: string) =>
  queryOptions({
    queryKey: ['table', 'options', request, search],
    queryFn: async ({ signal }) => {
      const { rows, total } = await unwrap(client.POST('/tables', { body: { ...request, search, columns: ['$title'], offset: 0, limit: mostOptions }, signal }));
      return { options: rows.map(({ identifier, title, ref }): Option => ({ value: identifier, label: title, detail: ref === title ? undefined : ref })), total };
    },
    placeholderData: keepPreviousData,
  });

interface Found {
  kind?: string;
  metadata?: { name?: string; namespace?: string; title?: string };
  spec?: { profile?: { displayName?: string } };
}

/** Teams that own anything. */
export const teamOptions = (search: string) =>
  queryOptions({
    queryKey: ['table', 'teams', search],
    queryFn: async ({ signal }) => {
      const { facets } = await unwrap(client.POST('/tables', { body: { facets: ['$team'], offset: 0, limit: 0 }, signal }));
      const all = (facets.$team?.values ?? []).map(({ value, title }): Option => ({ value: String(value), label: title || String(value) }));
      const options = all.filter(({ value, label }) => `${value} ${label}`.toLowerCase().includes(search.toLowerCase()));
      return { options: options.slice(0, mostOptions), total: options.length };
    },
    placeholderData: keepPreviousData,
  });

/** Entities of one blueprint or of all, by blueprint and identifier with a space between them. */
export const targetOptions = (blueprint: string | undefined, search: string) =>
  queryOptions({
    queryKey: ['table', 'targets', blueprint, search],
    queryFn: async ({ signal }) => {
      const { rows, total } = await unwrap(client.POST('/tables', { body: { blueprint, search, columns: ['$title'], offset: 0, limit: mostOptions }, signal }));
      return { options: rows.map((row): Option => ({ value: `${row.blueprint} ${row.identifier}`, label: row.title, detail: row.ref === row.title ? undefined : row.ref })), total };
    },
    placeholderData: keepPreviousData,
  });

/** Entities of the catalog by their references, which pass a filter of Backstage's. */
export const catalogOptions = (filter: string[], search: string) =>
  queryOptions({
    queryKey: ['table', 'catalog options', filter, search],
    queryFn: async ({ signal }) => {
      const query = {
        filter: filter.length > 0 ? filter : undefined,
        fields: ['kind', 'metadata.name', 'metadata.namespace', 'metadata.title', 'spec.profile.displayName'],
        orderField: ['metadata.name'],
        limit: mostOptions,
        ...(search && { fullTextFilterTerm: search, fullTextFilterFields: ['metadata.name', 'metadata.title', 'spec.profile.displayName'] }),
      };
      const { items, totalItems } = (await unwrap(backstage.GET('/api/catalog/entities/by-query', { params: { query }, signal }))) as { items: Found[]; totalItems?: number };
      return { options: items.map(asOption), total: totalItems ?? items.length };
    },
    placeholderData: keepPreviousData,
  });

function asOption({ kind = '', metadata = {}, spec }: Found): Option {
  const ref = `${kind.toLowerCase()}:${metadata.namespace ?? 'default'}/${metadata.name ?? ''}`.toLowerCase();
  const label = metadata.title ?? spec?.profile?.displayName ?? metadata.name ?? ref;
  return { value: ref, label, detail: ref };
}

/** Tags that entities of some kinds have. */
export const tagsQuery = (kinds: string[]) =>
  queryOptions({
    queryKey: ['table', 'tags', kinds],
    queryFn: async ({ signal }) => {
      const query = { facet: ['metadata.tags'], filter: kinds.length > 0 ? kinds.map((kind) => `kind=${kind}`) : undefined };
      const { facets } = (await unwrap(backstage.GET('/api/catalog/entity-facets', { params: { query }, signal }))) as { facets: Record<string, { value: string; count: number }[]> };
      return (facets['metadata.tags'] ?? []).sort((a, b) => b.count - a.count).map(({ value }) => value);
    },
  });
