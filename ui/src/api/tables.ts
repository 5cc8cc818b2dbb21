import { queryOptions } from '@tanstack/react-query';
import { client, unwrap } from './client';
import type { paths } from './schema';
import type { TableRequest, TableResult } from './types';

/** Port's search rules. */
export interface Rules {
  combinator: 'and' | 'or' | 'not';
  rules: (Rule | Rules)[];
}
export type Rule = Record<string, unknown> & { operator?: string };

export type QueryAnswer = paths['/query']['post']['responses'][200]['content']['application/json'];
export type QueryNote = TableResult['notes'][number];
export type SavedView = paths['/views/{id}']['get']['responses'][200]['content']['application/json'];
export type ViewInput = paths['/views']['post']['requestBody']['content']['application/json'];
export type ExportRequest = paths['/tables/export']['post']['requestBody']['content']['application/json'];

/** One page of a table, kept by all that it depends on. */
export const tablePageQuery = (body: TableRequest) =>
  queryOptions({
    queryKey: ['table', body],
    queryFn: ({ signal }) => unwrap(client.POST('/tables', { body, signal })),
  });

/** What is wrong with a text, and what may stand at a place of it. */
export const askQuery = (text: string, blueprint: string | undefined, cursor?: number) => unwrap(client.POST('/query', { body: { text, blueprint, cursor } }));

/** Rules as text. */
export async function textOf(rules: Rules, blueprint: string | undefined): Promise<string> {
  return (await unwrap(client.POST('/query', { body: { rules: rules as never, blueprint } }))).text;
}

/** What is wrong with a text as it stands. */
export const queryCheck = (text: string, blueprint: string | undefined) =>
  queryOptions({
    queryKey: ['query', blueprint, text],
    queryFn: () => askQuery(text, blueprint),
    staleTime: 10_000,
  });

export async function exportRows(body: ExportRequest): Promise<Blob> {
  return (await unwrap(client.POST('/tables/export', { body, parseAs: 'blob' }))) as unknown as Blob;
}

export const createView = (body: ViewInput) => unwrap(client.POST('/views', { body }));
export const updateView = (id: string, body: ViewInput) => unwrap(client.PUT('/views/{id}', { params: { path: { id } }, body }));

export async function deleteView(id: string): Promise<void> {
  // nothing comes back
  await unwrap(client.DELETE('/views/{id}', { params: { path: { id } } }).then((answer) => ({ ...answer, data: answer.response.ok ? true : undefined })));
}

/** What is saved of a view. */
export function viewInput({ title, blueprint, query, sort, columns, group, widths, shared, locked, default: isDefault }: SavedView): ViewInput {
  return { title, blueprint, query, sort, columns, group, widths, shared, locked, default: isDefault };
}
