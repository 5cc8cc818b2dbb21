import { IconAlertTriangle, IconBan, IconCircleCheck, IconCircleDashed, IconCircleX, IconClock, IconHourglass, IconLoader, IconPlayerSkipForward, IconThumbDown, type Icon } from '@tabler/icons-react';
import type { RunRow, RunStatus, StepState } from '~/api/runs';
import classes from './runs.module.css';

interface Look {
  icon: Icon;
  color: string;
  words: string;
}

const runs: Record<RunStatus, Look> = {
  WAITING_FOR_APPROVAL: { icon: IconHourglass, color: 'var(--sd-held)', words: 'Waiting for approval' },
  IN_PROGRESS: { icon: IconLoader, color: 'var(--sd-accent)', words: 'In progress' },
  SUCCESS: { icon: IconCircleCheck, color: 'var(--sd-ok)', words: 'Succeeded' },
  FAILURE: { icon: IconCircleX, color: 'var(--sd-bad)', words: 'Failed' },
  DECLINED: { icon: IconThumbDown, color: 'var(--sd-warn)', words: 'Declined' },
  CANCELLED: { icon: IconBan, color: 'var(--sd-dim)', words: 'Cancelled' },
};

const steps: Record<StepState, Look> = {
  open: { icon: IconCircleDashed, color: 'var(--sd-dim)', words: 'to come' },
  intent: { icon: IconLoader, color: 'var(--sd-accent)', words: 'running' },
  following: { icon: IconLoader, color: 'var(--sd-accent)', words: 'running outside' },
  reported: { icon: IconClock, color: 'var(--sd-accent)', words: 'handed over, waiting for a report' },
  done: { icon: IconCircleCheck, color: 'var(--sd-ok)', words: 'done' },
  failed: { icon: IconCircleX, color: 'var(--sd-bad)', words: 'failed' },
  skipped: { icon: IconPlayerSkipForward, color: 'var(--sd-dim)', words: 'skipped' },
  unclear: { icon: IconAlertTriangle, color: 'var(--sd-warn)', words: 'unclear' },
};

export const statusWords = (status: RunStatus) => runs[status]?.words ?? status;
export const statuses = Object.keys(runs) as RunStatus[];

/** How a run is doing: a colour, a shape and words. */
export function RunState({ run }: { run: Pick<RunRow, 'status' | 'report' | 'cancelling' | 'attention'> }) {
  const look = runs[run.status] ?? runs.IN_PROGRESS;
  const words = run.cancelling && run.status === 'IN_PROGRESS' ? 'Being cancelled' : look.words;
  const label = run.report.statusLabel;
  return (
    <span className={classes.state}>
      <Mark look={look} turning={run.status === 'IN_PROGRESS'} />
      <span style={{ color: look.color }}>{words}</span>
      {label && label.toLowerCase() !== words.toLowerCase() && <span className="sd-dim">{label}</span>}
      {run.attention && (
        <span className={classes.attention} title={run.attention}>
          <IconAlertTriangle size={14} aria-hidden /> needs a look
        </span>
      )}
    </span>
  );
}

export function StepMark({ state }: { state: StepState }) {
  const look = steps[state] ?? steps.open;
  return <Mark look={look} turning={state === 'intent' || state === 'following'} />;
}

export const stepWords = (state: StepState) => steps[state]?.words ?? state;

function Mark({ look: { icon: Shape, color }, turning }: { look: Look; turning: boolean }) {
  return <Shape size={16} stroke={1.8} style={{ color }} className={turning ? classes.turning : undefined} aria-hidden />;
}
