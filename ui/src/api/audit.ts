import { infiniteQueryOptions } from '@tanstack/react-query';
import { client, unwrap } from './client';
import type { components, paths } from './schema';

type Native = components['schemas'];

export type AuditEvent = Native['AuditEvent'];
export type AuditPage = Native['AuditLog'];

/** What is in the address goes to the server as it is, which says what is wrong with it. */
type AuditParameters = paths['/audit']['get']['parameters']['query'];

export interface AuditFilters {
  q?: string;
  actor?: string;
  action?: string;
  kind?: string;
  blueprint?: string;
  identifier?: string;
  status?: string;
  from?: string;
  to?: string;
}

const pageSize = 50;

export const auditPage = (filters: AuditFilters, cursor: string | undefined, limit: number, signal?: AbortSignal, values?: boolean) =>
  unwrap(client.GET('/audit', { params: { query: given({ ...times(filters), cursor, limit, values }) as AuditParameters }, signal }));

/** Without what is empty. */
const given = <Values extends object>(values: Values) =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined && value !== '')) as Values;

/** Pages of the log, newest first. */
export const auditQuery = (filters: AuditFilters) =>
  infiniteQueryOptions({
    queryKey: ['audit', filters],
    queryFn: ({ pageParam, signal }) => auditPage(filters, pageParam, pageSize, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next ?? undefined,
  });

/** The address has days as the reader's calendar has them; the server wants moments. */
export function times({ from, to, ...rest }: AuditFilters): AuditFilters {
  return { ...rest, from: moment(from, '00:00:00.000'), to: moment(to, '23:59:59.999') };
}

function moment(day: string | undefined, time: string): string | undefined {
  if (!day) return undefined;
  const date = new Date(`${day}T${time}`);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}
