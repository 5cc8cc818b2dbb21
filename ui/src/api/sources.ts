import { ask } from './http';

/** Reads a source now; done when what it says is in the catalog, or when that takes longer than a person waits. */
export const readSource = (id: string) => ask('POST', `/sources/${encodeURIComponent(id)}/read`);
