import { queryOptions } from '@tanstack/react-query';
import { client, unwrap } from './client';

/** Reads a source now; done when what it says is in the catalog, or when that takes longer than a person waits. */
export const readSource = (id: string) => unwrap(client.POST('/sources/{id}/read', { params: { path: { id } } }));

/** What every source says that claims one name. */
export const conflictQuery = (ref: string) =>
  queryOptions({
    queryKey: ['conflict', ref],
    queryFn: ({ signal }) => unwrap(client.GET('/sources/conflict', { params: { query: { ref } }, signal })),
    retry: false,
  });

/** What an address leads to, beside what is stored. Nothing is written. */
export const previewLocation = (target: string) => unwrap(client.POST('/locations/preview', { body: { target } }));
export type LocationPreview = Awaited<ReturnType<typeof previewLocation>>;
