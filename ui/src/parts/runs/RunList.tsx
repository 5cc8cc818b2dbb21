import type { RunRow } from '~/api/runs';
import { Time } from '~/kit/Time';
import { keyOfRun, RunLink, RunTarget, starterOf } from './RunLink';
import { RunState } from './RunState';
import classes from './runs.module.css';

/** Runs in little room: on the home page, in widgets. */
export function RunList({ runs, label, who = false }: { runs: RunRow[]; label: string; who?: boolean }) {
  return (
    <ul className={classes.list} aria-label={label}>
      {runs.map((run) => (
        <li key={keyOfRun(run)} className={classes.line}>
          <span className={classes.what}>
            <RunLink run={run} />
            {run.target?.entity && (
              <span className="sd-dim">
                {' '}
                for <RunTarget run={run} inline />
              </span>
            )}
            {run.waits?.kind === 'input' && <span className="sd-dim"> asks: {run.waits.title}</span>}
            {who && <span className="sd-dim"> by {starterOf(run)}</span>}
          </span>
          <RunState run={run} />
          <span className={classes.when}>
            <Time iso={run.createdAt} />
          </span>
        </li>
      ))}
    </ul>
  );
}
