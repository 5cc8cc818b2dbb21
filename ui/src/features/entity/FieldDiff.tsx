import { LineDiff } from '~/kit/LineDiff';
import { Hidden } from '~/kit/Mono';
import classes from './entity.module.css';

interface FieldDiffProps {
  name: string;
  before: unknown;
  after: unknown;
}

/** One field before and after. */
export function FieldDiff({ name, before, after }: FieldDiffProps) {
  const [old, now] = [textOf(before), textOf(after)];
  const label = `${name}, before and after`;
  if (old !== null && now !== null) return <LineDiff before={old} after={now} label={label} />;
  return (
    <div className={classes.diff} role="region" aria-label={label} tabIndex={0}>
      {(old ?? now ?? '').replace(/\n$/, '').split('\n').map((line, i) => (
        <div key={i} data-kind={old === null ? 'after' : 'before'}>
          <span aria-hidden>{old === null ? '+' : '−'}</span>
          <span>
            {i === 0 && <Hidden>{old === null ? 'after: ' : 'before: '}</Hidden>}
            {line}
          </span>
        </div>
      ))}
    </div>
  );
}

function textOf(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') return value;
  const short = JSON.stringify(value);
  return short.length > 60 ? JSON.stringify(value, null, 2) : short;
}
