import type { CheckStatus, Counts } from '~/api/scorecards';

/** In the order in which they are shown, everywhere. */
export const statuses: CheckStatus[] = ['passed', 'exempt', 'failed', 'notMeasured', 'notApplicable'];

/** Entities that a rule is about: all but those that it does not apply to. */
export const measured = ({ passed, failed, notMeasured, exempt }: Omit<Counts, 'notApplicable'>) => passed + failed + notMeasured + exempt;

/** The part that passes, of those that the rule is about; null where there are none. An exemption counts as passed. */
export function passShare(counts: Omit<Counts, 'notApplicable'>): number | null {
  const all = measured(counts);
  return all === 0 ? null : (counts.passed + counts.exempt) / all;
}

/** "73%"; only all is 100% and only none is 0%. */
export function percent(share: number | null): string {
  if (share === null) return '–';
  if (share > 0 && share < 0.01) return '<1%';
  if (share < 1 && share > 0.99) return '>99%';
  return `${Math.round(share * 100)}%`;
}

/** By how much, with its sign; nothing where nothing changed. */
export const signed = (n: number) => (n === 0 ? '±0' : n > 0 ? `+${n}` : `−${-n}`);
