import { ApiError } from '~/api/client';
import { count } from '~/lib/text';

/** What went wrong at the door, in words that say what to do. */
export function refusal(error: Error): string {
  if (!(error instanceof ApiError)) return String(error);
  if (error.status !== 429) return sentence(error.message);
  const wait = error.retryAfter;
  return `Too many attempts. Try again ${wait === undefined ? 'later' : wait < 60 ? `in ${count(wait, 'second')}` : `in ${count(Math.ceil(wait / 60), 'minute')}`}.`;
}

export const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
