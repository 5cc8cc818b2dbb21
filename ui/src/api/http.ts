import { ApiError, reached, toApiError } from './client';

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

const native = '/api/stagedoor/v1';

/**
 * One request to the native API, or to another one for paths that begin with `/v1/` or `/api/`. Its answer, undefined when it has no
 * body; throws an {@link ApiError} for everything that is no success.
 */
export async function ask<Data>(method: Method, path: string, body?: unknown, signal?: AbortSignal): Promise<Data> {
  const headers: Record<string, string> = { accept: 'application/json' };
  if (body !== undefined) headers['content-type'] = 'application/json';
  const response = await reached(
    fetch(/^\/(v1|api)\//.test(path) ? path : native + path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal,
      credentials: 'same-origin',
    }),
  );
  const answer: unknown = await response.json().catch(() => undefined);
  if (response.ok) return answer as Data;
  throw toApiError(response.status, answer, response.headers.get('retry-after'));
}

/** `{a: 1, b: undefined, c: ['x', 'y']}` as `?a=1&c=x&c=y`. */
export function query(values: Record<string, string | number | boolean | string[] | undefined>): string {
  const pairs = new URLSearchParams();
  for (const [key, value] of Object.entries(values)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== '') pairs.append(key, String(one));
    }
  }
  const text = pairs.toString();
  return text ? `?${text}` : '';
}

export const isSignedOut = (error: unknown) => error instanceof ApiError && error.status === 401;
