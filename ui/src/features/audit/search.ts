import type { AuditFilters } from '~/api/audit';

/** The filters are in the address, and which line is open. */
export interface AuditSearch extends AuditFilters {
  open?: string;
}

const fields = ['q', 'actor', 'action', 'kind', 'blueprint', 'identifier', 'status', 'from', 'to', 'open'] as const;

export function readAuditSearch(raw: Record<string, unknown>): AuditSearch {
  const search: AuditSearch = {};
  for (const field of fields) {
    const value = raw[field];
    if (typeof value === 'string' && value !== '') search[field] = value;
  }
  return search;
}

export function filtersOf({ open: _, ...filters }: AuditSearch): AuditFilters {
  return filters;
}

export const actions = ['create', 'update', 'delete', 'read', 'execute', 'sign_in', 'sign_out', 'use'];

export const kinds = ['entity', 'blueprint', 'permissions', 'secret', 'token', 'app', 'session', 'link', 'account', 'integration', 'organization', 'migration', 'source'];
