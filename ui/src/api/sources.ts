import { client, unwrap } from './client';

/** Reads a source now; done when what it says is in the catalog, or when that takes longer than a person waits. */
export const readSource = (id: string) => unwrap(client.POST('/sources/{id}/read', { params: { path: { id } } }));
