import { infiniteQueryOptions } from '@tanstack/react-query';
import { ask, query } from './http';

export interface AuditEvent {
  id: string;
  at: string;
  status: 'success' | 'failure';
  action: string;
  name: string | null;
  kind: string;
  blueprint: string | null;
  identifier: string | null;
  actor: { name: string | null; through: string | null; via: string | null; credential: string | null; address: string | null; agent: string | null };
  message: string | null;
  details: unknown;
  revision: number | null;
  before: unknown;
  after: unknown;
  /** Values are kept back, as those of secrets are. */
  hidden: boolean;
}

export interface AuditPage {
  events: AuditEvent[];
  next: string | null;
  searchedBackTo: string | null;
}

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
  ask<AuditPage>('GET', `/audit${query({ ...times(filters), cursor, limit, values })}`, undefined, signal);

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
