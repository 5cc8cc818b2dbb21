import { useMemo } from 'react';
import { around, lineDiff, type DiffLine } from '~/lib/lines';
import classes from './LineDiff.module.css';
import { Hidden } from './Mono';

interface LineDiffProps {
  before: string;
  after: string;
  label: string;
  maxHeight?: string;
}

const signs = { same: ' ', before: '−', after: '+' } as const;
const words = { same: '', before: 'before: ', after: 'after: ' } as const;

/** Two texts as one, with what goes and what comes: a sign as well as a colour. */
export function LineDiff({ before, after, label, maxHeight = '320px' }: LineDiffProps) {
  const { parts, skipped } = useMemo(() => around(lineDiff(before, after)), [before, after]);
  if (parts.length === 0) return <p className="sd-dim">They say the same.</p>;
  return (
    <pre className={classes.diff} role="region" aria-label={label} tabIndex={0} style={{ maxHeight }}>
      {parts.map((part, i) => (
        <span key={i}>
          <Skipped count={part.skipped} />
          {part.lines.map((line, at) => (
            <Line key={at} line={line} />
          ))}
        </span>
      ))}
      <Skipped count={skipped} />
    </pre>
  );
}

function Line({ line: { kind, text } }: { line: DiffLine }) {
  return (
    <span className={classes.line} data-kind={kind}>
      <span aria-hidden>{signs[kind]} </span>
      {words[kind] && <Hidden>{words[kind]}</Hidden>}
      {text}
      {'\n'}
    </span>
  );
}

function Skipped({ count }: { count: number }) {
  if (count === 0) return null;
  return <span className={classes.skipped}>{`${count} same ${count === 1 ? 'line' : 'lines'}\n`}</span>;
}
