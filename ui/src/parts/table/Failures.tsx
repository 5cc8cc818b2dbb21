import type { Outcome } from '~/api/bulk';
import { ProblemLine } from '~/kit/Problem';
import { count } from '~/lib/text';
import classes from './table.module.css';

/** What was refused, each with its reason. */
export function Failures({ failed }: { failed: Outcome['failed'] }) {
  if (failed.length === 0) return null;
  return (
    <>
      <p>{count(failed.length, 'entity was', 'entities were')} refused:</p>
      <ul className={classes.failures} aria-label="Refused">
        {failed.slice(0, 200).map(({ blueprint, identifier, message }) => (
          <li key={`${blueprint} ${identifier}`}>
            <ProblemLine level="error" message={`${identifier}: ${message}`} />
          </li>
        ))}
      </ul>
      {failed.length > 200 && <p className="sd-dim">{failed.length - 200} more are not listed.</p>}
    </>
  );
}
