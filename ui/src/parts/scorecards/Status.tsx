import { IconCircleCheck, IconCircleMinus, IconCircleX, IconQuestionMark, IconShieldCheck, type Icon } from '@tabler/icons-react';
import type { CheckStatus } from '~/api/scorecards';
import classes from './scorecards.module.css';

interface Look {
  icon: Icon;
  color: string;
  words: string;
  meaning: string;
}

/** A word, a colour and a shape each, so that no one of them has to do alone. */
export const statusLooks: Record<CheckStatus, Look> = {
  passed: { icon: IconCircleCheck, color: 'var(--sd-ok)', words: 'Passed', meaning: 'The rule holds.' },
  exempt: { icon: IconShieldCheck, color: 'var(--sd-held)', words: 'Exempt', meaning: 'The rule does not hold, and somebody has allowed that for a time.' },
  failed: { icon: IconCircleX, color: 'var(--sd-bad)', words: 'Failed', meaning: 'The rule does not hold.' },
  notMeasured: { icon: IconQuestionMark, color: 'var(--sd-warn)', words: 'Not measured', meaning: 'A value is missing that would decide it.' },
  notApplicable: { icon: IconCircleMinus, color: 'var(--sd-dim)', words: 'Not applicable', meaning: 'The scorecard is not about this entity.' },
};

export function StatusMark({ status }: { status: CheckStatus }) {
  const { icon: Shape, color, words, meaning } = statusLooks[status] ?? statusLooks.notMeasured;
  return (
    <span className={classes.status} style={{ color }} title={meaning} data-status={status}>
      <Shape size={15} stroke={1.8} aria-hidden />
      {words}
    </span>
  );
}

/** Only the shape, where the word stands in the head of the column. */
export function StatusIcon({ status, size = 14 }: { status: CheckStatus; size?: number }) {
  const { icon: Shape, color } = statusLooks[status] ?? statusLooks.notMeasured;
  return <Shape size={size} stroke={1.8} style={{ color }} aria-hidden />;
}
