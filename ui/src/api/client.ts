import createClient from 'openapi-fetch';
import type { paths as BackstagePaths } from './backstage-schema';
import type { paths as PortPaths } from './port-schema';
import type { paths } from './schema';

/** The native API: what neither dialect has. */
export const client = createClient<paths>({ baseUrl: `${window.location.origin}/api/stagedoor/v1` });

/** Port's dialect, which is also our own data API: blueprints, entities, pages. */
export const port = createClient<PortPaths>({ baseUrl: `${window.location.origin}/v1` });

/** Backstage's dialect, for what neither of the others has: registered locations. */
export const backstage = createClient<BackstagePaths>({ baseUrl: window.location.origin });

/** An answer of the server that is not a success, or no answer at all (status 0). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    /** Seconds after which it may be tried again. */
    readonly retryAfter?: number,
    /** What was sent with it. */
    readonly body?: unknown,
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

interface Answer<Data> {
  data?: Data;
  error?: unknown;
  response: Response;
}

/** The data of an answer, undefined where it has no body; throws an {@link ApiError} for everything that is no success. */
export async function unwrap<Data>(request: Promise<Answer<Data>>): Promise<Data> {
  const { data, error, response } = await reached(request);
  if (response.ok) return data as Data;
  throw toApiError(response.status, error, response.headers.get('retry-after'));
}

export const isSignedOut = (error: unknown) => error instanceof ApiError && error.status === 401;

async function reached<T>(request: Promise<T>): Promise<T> {
  try {
    return await request;
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new ApiError(0, 'unreachable', 'The server does not answer.');
  }
}

/** From either shape: `{error: {code, message}}` of the native API or `{ok: false, error, message}` of Port's. */
export function toApiError(status: number, body: unknown, retryAfter?: string | null): ApiError {
  const sent = (body ?? {}) as { error?: unknown; message?: unknown };
  const error = typeof sent.error === 'object' ? (sent.error as { code?: unknown; message?: unknown } | null) : { code: sent.error, message: sent.message };
  const message = typeof error?.message === 'string' ? error.message : `The server answered ${status}.`;
  const seconds = Number(retryAfter);
  return new ApiError(status, typeof error?.code === 'string' ? error.code : 'error', message, seconds > 0 ? seconds : undefined, body);
}
