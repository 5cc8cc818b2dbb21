import type { May } from '~/api/scorecards';

/** A denial as a sentence; undefined where it is allowed. */
export function whyNot(may: May | undefined): string | undefined {
  if (may === true || may === undefined) return undefined;
  return `${may.charAt(0).toUpperCase()}${may.slice(1).replace(/\.$/, '')}.`;
}
