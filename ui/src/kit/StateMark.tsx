import { IconAlertTriangle, IconCircleCheck, IconCircleX, IconClock, IconPlayerPause, IconQuestionMark } from '@tabler/icons-react';
import classes from './text.module.css';

const states = {
  fresh: { icon: IconCircleCheck, color: 'var(--sd-ok)', meaning: 'read successfully the last time' },
  stale: { icon: IconClock, color: 'var(--sd-warn)', meaning: 'could not be reached; what it said is kept' },
  gone: { icon: IconCircleX, color: 'var(--sd-bad)', meaning: 'no longer there' },
  conflict: { icon: IconAlertTriangle, color: 'var(--sd-warn)', meaning: 'read, and another source holds a name that it claims' },
  held: { icon: IconPlayerPause, color: 'var(--sd-held)', meaning: 'waiting for a confirmation' },
} as const;

/** The state of a source: a colour, a shape and a word, so that no one of them has to do alone. */
export function StateMark({ state }: { state: string | null | undefined }) {
  const known = states[state as keyof typeof states];
  const Icon = known?.icon ?? IconQuestionMark;
  return (
    <span className={classes.state} style={{ color: known?.color ?? 'var(--sd-dim)' }} title={known?.meaning}>
      <Icon size={15} aria-hidden />
      {state ?? 'not read yet'}
    </span>
  );
}
