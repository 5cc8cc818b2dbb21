import { IconChevronRight } from '@tabler/icons-react';
import type { Run, RunStep } from '~/api/runs';
import { CodeBlock } from '~/kit/CodeBlock';
import { Mono } from '~/kit/Mono';
import { Section } from '~/kit/Page';
import { between } from '~/lib/duration';
import { count } from '~/lib/text';
import { StepMark, stepWords } from '~/parts/runs/RunState';
import classes from './runs.module.css';

interface StepsProps {
  run: Run;
  selected: string | undefined;
  onSelect: (step: string | undefined) => void;
}

/** The parts of a run; the one that is chosen shows what it was given and what it gave back, and the log shows its lines alone. */
export function Steps({ run, selected, onSelect }: StepsProps) {
  if (run.steps.length === 0) return null;
  const done = run.steps.filter(({ state }) => state.state === 'done').length;
  return (
    <Section title="Steps" aside={`${done} of ${count(run.steps.length, 'step')} done`}>
      <ol className={classes.steps}>
        {run.steps.map((step) => {
          const open = step.id === selected;
          return (
            <li key={step.id}>
              <button type="button" className={classes.step} aria-expanded={open} onClick={() => onSelect(open ? undefined : step.id)}>
                <StepMark state={step.state.state} />
                <span className={classes.stepName}>{step.name}</span>
                <span className={classes.stepState}>{stepWords(step.state.state)}</span>
                <span className={classes.stepTime}>{timeOf(step)}</span>
                <IconChevronRight size={13} aria-hidden className={classes.chevron} />
              </button>
              {step.error && <p className={classes.stepError}>{step.error}</p>}
              {open && <Details step={step} />}
            </li>
          );
        })}
      </ol>
    </Section>
  );
}

/** How long it took, or has been taking. */
function timeOf({ startedAt, endedAt, state: { state } }: RunStep): string {
  if (!startedAt || state === 'skipped') return '';
  if (endedAt) return between(startedAt, endedAt);
  return state === 'intent' || state === 'following' || state === 'reported' ? between(startedAt, undefined) : '';
}

function Details({ step }: { step: RunStep }) {
  const parts = [
    { title: 'Input', value: step.input },
    { title: 'Output', value: step.output },
  ].filter(({ value }) => value !== undefined && value !== null);
  return (
    <div className={classes.details}>
      <p className="sd-dim">
        <Mono>{step.performer}</Mono>
        {step.attempts > 1 && `, ${step.attempts} attempts`}
      </p>
      {parts.map(({ title, value }) => (
        <div key={title}>
          <p className={classes.detailTitle}>{title}</p>
          <CodeBlock text={JSON.stringify(value, null, 2)} language="json" label={`${title} of ${step.name}`} maxHeight="260px" />
        </div>
      ))}
      {parts.length === 0 && <p className="sd-dim">It has neither been given anything nor given anything back.</p>}
    </div>
  );
}
