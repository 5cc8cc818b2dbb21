import type { AuditEvent } from '~/api/audit';
import { Hidden, Mono } from '~/kit/Mono';
import { differences, type Difference } from '~/lib/diff';
import classes from './audit.module.css';

/** What it was before, and what it is since: line by line, with a sign as well as a colour. */
export function Changes({ event }: { event: AuditEvent }) {
  if (event.before === null && event.after === null) return null;
  const found = differences(event.before, event.after);
  if (found.length === 0) return <p className="sd-dim">No value differs.</p>;
  return (
    <div className={classes.diff} role="region" aria-label="Before and after" tabIndex={0}>
      <ul>
        {found.map((difference) => (
          <li key={difference.path}>
            <div className={classes.path}>
              <Mono wrap>{difference.path || 'everything'}</Mono>
            </div>
            <Values difference={difference} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function Values({ difference: { before, after } }: { difference: Difference }) {
  return (
    <>
      {before !== undefined && (
        <div className={classes.before}>
          <span aria-hidden>−</span>
          <Hidden>before: </Hidden>
          <span className={classes.value}>{before}</span>
        </div>
      )}
      {after !== undefined && (
        <div className={classes.after}>
          <span aria-hidden>+</span>
          <Hidden>after: </Hidden>
          <span className={classes.value}>{after}</span>
        </div>
      )}
    </>
  );
}
