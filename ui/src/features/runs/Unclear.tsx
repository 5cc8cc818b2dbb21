import { Button, Textarea } from '@mantine/core';
import { useState } from 'react';
import { settleStep, type Run, type RunStep } from '~/api/runs';
import { Explained } from '~/kit/Explained';
import { ProblemLine } from '~/kit/Problem';
import { useChange } from '~/parts/useChange';
import classes from './runs.module.css';
import { whyNot } from './why';

const ways = [
  { as: 'done', label: 'It happened', hint: 'the run goes on after it' },
  { as: 'repeat', label: 'It did not happen: do it again', hint: 'the step is performed once more' },
  { as: 'failed', label: 'Give it up', hint: 'the run fails here' },
] as const;

/** A step of which nobody knows whether it happened: somebody looks, and says so. */
export function Unclear({ run, step }: { run: Run; step: RunStep }) {
  const [why, setWhy] = useState('');
  const settle = useChange((as: (typeof ways)[number]['as']) => settleStep(run.id, step.id, as, why.trim()));
  const reason = whyNot(run.may.settle) ?? (why.trim() === '' ? 'Say first what you have found.' : undefined);
  return (
    <section className={classes.approval} data-unclear aria-label={`Unclear: ${step.name}`}>
      <h2 className={classes.approvalTitle}>Did “{step.name}” happen?</h2>
      <p className="sd-dim">
        {run.attention ?? 'The portal stopped while this step was being performed, and what it does outside cannot be asked for.'} Look where it leaves its traces, then decide. It is not repeated by itself, so that nothing
        happens twice.
      </p>
      <div className={classes.answer}>
        <Textarea label="What you have found" autosize minRows={2} maxRows={6} value={why} onChange={(event) => setWhy(event.currentTarget.value)} />
        {settle.error && <ProblemLine level="error" message={settle.error.message} />}
        <div className={classes.buttons}>
          {ways.map(({ as, label, hint }) => (
            <Explained key={as} why={reason}>
              <Button variant="default" title={hint} loading={settle.isPending && settle.variables === as} onClick={() => settle.mutate(as)}>
                {label}
              </Button>
            </Explained>
          ))}
        </div>
      </div>
    </section>
  );
}
