import type { Counts } from '~/api/scorecards';
import { measured } from './counts';
import classes from './scorecards.module.css';
import { statusLooks } from './Status';

const drawn = ['passed', 'exempt', 'failed', 'notMeasured'] as const;

/** How a rule is kept, as a bar. What it says stands in words and numbers beside it. */
export function CountsBar({ counts, thin = false }: { counts: Omit<Counts, 'notApplicable'>; thin?: boolean }) {
  return (
    <span className={classes.bar} data-thin={thin || undefined} aria-hidden>
      {measured(counts) > 0 && drawn.map((status) => counts[status] > 0 && <span key={status} style={{ flexGrow: counts[status], background: statusLooks[status].color }} />)}
    </span>
  );
}

/** "18 passed, 3 failed", for screen readers and tooltips. */
export const inWords = (counts: Counts) =>
  (Object.keys(statusLooks) as (keyof Counts)[])
    .filter((status) => counts[status] > 0)
    .map((status) => `${counts[status]} ${statusLooks[status].words.toLowerCase()}`)
    .join(', ') || 'nothing';
