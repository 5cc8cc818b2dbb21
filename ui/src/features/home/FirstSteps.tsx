import { IconCircle, IconCircleCheck } from '@tabler/icons-react';
import { useState, type ReactNode } from 'react';
import type { FirstSteps as Told } from '~/api/home';
import { Hidden } from '~/kit/Mono';
import { Page } from '~/kit/Page';
import { useWhyNot } from '~/parts/session';
import { Examples } from './examples/Examples';
import { useExamples } from './examples/useExamples';
import { InvitePeople, OwnBlueprint, PasteDocument } from './StepBodies';
import { RegisterStep } from './RegisterStep';
import classes from './home.module.css';
import { stepsFor, type State, type Step } from './steps';

interface FirstStepsProps {
  documentTitle: string;
  title: string;
  steps: Told;
}

/** What to do with an empty catalog: a few minutes to data of one's own. */
export function FirstSteps({ documentTitle, title, steps: state }: FirstStepsProps) {
  return (
    <Page documentTitle={documentTitle} title={title} subtitle="The catalog is empty. Each of these takes a minute, in any order; this page notices what is done.">
      <Steps state={state} />
    </Page>
  );
}

const bodies: Record<Step['id'], (state: State) => ReactNode> = {
  examples: () => <Examples />,
  files: (state) => <RegisterStep sources={state.sources} supplying={state.supplying} />,
  document: () => <PasteDocument />,
  model: () => <OwnBlueprint />,
  people: () => <InvitePeople />,
};

/** The steps with their marks; the first that is not done is open, unless they are `quiet`. */
export function Steps({ state: told, quiet = false }: { state: Told; quiet?: boolean }) {
  const state: State = { ...told, ...useExamples() };
  const shown = stepsFor(state);
  const [chosen, choose] = useState<string>();
  const open = chosen ?? (quiet ? undefined : shown.find((step) => step.id !== 'examples' && step.done(state) === undefined)?.id);
  return (
    <ol className={classes.steps} aria-label="First steps">
      {shown.map((step) => (
        <OneStep key={step.id} step={step} state={state} open={open === step.id} onToggle={() => choose(open === step.id ? '' : step.id)} />
      ))}
    </ol>
  );
}

function OneStep({ step, state, open, onToggle }: { step: Step; state: State; open: boolean; onToggle: () => void }) {
  const reason = useWhyNot(step.action);
  const done = step.done(state);
  return (
    <li className={classes.step} data-done={done !== undefined || undefined}>
      <h2>
        <button type="button" className={classes.stepHead} aria-expanded={open} onClick={onToggle}>
          {done ? <IconCircleCheck size={18} stroke={1.8} aria-hidden /> : <IconCircle size={18} stroke={1.4} aria-hidden />}
          <span>{step.title}</span>
          <span className="sd-dim">
            {done ? (
              <>
                <Hidden>Done. </Hidden>
                {done}
              </>
            ) : null}
          </span>
        </button>
      </h2>
      {open && <div className={classes.stepBody}>{reason ? <p className="sd-dim">{reason}</p> : bodies[step.id](state)}</div>}
    </li>
  );
}
