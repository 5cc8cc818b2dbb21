import type { FormEvent, ReactNode } from 'react';
import classes from './form.module.css';
import { ProblemLine } from './Problem';

interface FormProps {
  onSubmit: () => void;
  error?: Error | null;
  /** On a page rather than in a window. */
  narrow?: boolean;
  buttons: ReactNode;
  children: ReactNode;
}

/** Fields under each other, what was wrong with them, and the buttons. */
export function Form({ onSubmit, error, narrow = false, buttons, children }: FormProps) {
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSubmit();
  };
  return (
    <form className={`${classes.form} ${narrow ? classes.narrow : ''}`} onSubmit={submit}>
      {children}
      <div aria-live="assertive">{error && <ProblemLine level="error" message={error.message} />}</div>
      <div className={classes.buttons} data-end={!narrow || undefined}>
        {buttons}
      </div>
    </form>
  );
}
