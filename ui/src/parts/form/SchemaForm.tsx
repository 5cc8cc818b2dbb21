import { Button } from '@mantine/core';
import { useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { ProblemLine } from '~/kit/Problem';
import { count } from '~/lib/text';
import { Markdown } from '~/parts/Markdown';
import { FormContext, type FormState } from './context';
import { cleaned, withDefaults } from './effective';
import { Fields } from './Fields';
import classes from './form.module.css';
import { Review } from './Review';
import type { Errors, FormPage, Values } from './types';
import { firstOf, validate } from './validate';

export interface SchemaFormProps {
  pages: FormPage[];
  /** What was filled in; defaults are added by the form. */
  values: Values;
  onValues: (values: Values) => void;
  secrets?: Record<string, string>;
  onSecrets?: (secrets: Record<string, string>) => void;
  /** What the server says is wrong, by the key of an input. */
  problems?: Record<string, string>;
  /** Which step is shown, from 0; the number of pages is the review. */
  at: number;
  onAt: (at: number) => void;
  /** Everything is looked through once more before it is sent. */
  review?: boolean;
  labels: { submit: string; review?: string; back?: string };
  /** Buttons in place of the one that sends: the values come with the one that was pressed. */
  choices?: { id: string; label: string; note?: string; look?: 'filled' | 'default' | 'danger' }[];
  onSubmit: (values: Values, choice?: string) => void;
  busy?: boolean;
  /** Why it was not taken. */
  error?: Error | null;
  /** It cannot be sent now. */
  why?: string;
  /** It stands beside something else: it takes the focus only when it is asked to. */
  quiet?: boolean;
  /** In front of the buttons of the last step. */
  before?: ReactNode;
}

/** A form made of schemas, in steps. It can be used with the keyboard alone: Enter goes on, and what is wrong gets the focus. */
export function SchemaForm(props: SchemaFormProps) {
  const { pages, values, onValues, secrets = {}, onSecrets, problems = {}, onAt, review = false, labels, onSubmit, busy = false, error, why, before, quiet = false, choices } = props;
  const last = review ? pages.length : pages.length - 1;
  const at = Math.min(Math.max(0, props.at), last);
  const form = useRef<HTMLFormElement>(null);
  const [touched, setTouched] = useState<string[]>([]);
  const [tried, setTried] = useState<number[]>([]);
  const full = useMemo(() => pages.reduce<Values>((sum, page) => withDefaults(page.schema, sum) as Values, values), [pages, values]);
  const found = useMemo(() => pages.map((page) => ({ ...ofPage(page, problems), ...validate(page.schema, full) })), [pages, full, problems]);
  const page = pages[at];
  const wrong = found[at] ?? {};
  const shown = Object.fromEntries(Object.entries(wrong).filter(([path]) => tried.includes(at) || touched.includes(path)));
  const state = useMemo<FormState>(
    () => ({
      errors: shown,
      touch: (path) => setTouched((old) => (old.includes(path) ? old : [...old, path])),
      values: full,
      root: page?.schema ?? {},
      secrets,
      setSecret: (key, value) => onSecrets?.({ ...secrets, [key]: value }),
    }),
    // `shown` is made anew each time
    // eslint-disable-next-line
    [JSON.stringify(shown), full, page, secrets, onSecrets],
  );
  // once the page with what is wrong is there, its first field gets the focus
  const leadTo = useRef<number>(undefined);
  useEffect(() => {
    if (leadTo.current === at && focusFirst(form.current)) leadTo.current = undefined;
  });
  const submit = (choice: string | undefined) => {
    const bad = found.findIndex((errors, i) => i <= at && Object.keys(errors).length > 0);
    if (bad >= 0) {
      setTried((old) => [...old, bad]);
      if (bad !== at) onAt(bad);
      leadTo.current = bad;
      return;
    }
    if (at < last) {
      onAt(at + 1);
      return;
    }
    onSubmit(pages.reduce<Values>((sum, one) => ({ ...sum, ...(cleaned(one.schema, full) as Values) }), {}), choice);
  };
  return (
    <FormContext value={state}>
      <form
        ref={form}
        className={classes.form}
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          event.stopPropagation();
          const { submitter } = event.nativeEvent as SubmitEvent;
          submit(submitter instanceof HTMLButtonElement && submitter.name === 'choice' ? submitter.value : undefined);
        }}
      >
        {last > 0 && <Steps pages={pages} review={review} at={at} reachable={reachable(found, at)} onAt={onAt} />}
        {page ? (
          <>
            {pages.length > 1 && page.title && <h2 className={classes.pageTitle}>{page.title}</h2>}
            {page.description && <Markdown source={page.description} />}
            <Fields key={at} schema={page.schema} value={full} onChange={(next) => onValues(filledIn(values, full, next))} headings={page.headings} autoFocus={!quiet || at > 0} />
          </>
        ) : (
          <>
            <h2 className={classes.pageTitle}>Review</h2>
            <Review pages={pages} values={full} onEdit={onAt} />
          </>
        )}
        {at === last && before}
        <div aria-live="assertive">
          {error && <ProblemLine level="error" message={error.message} />}
          {Object.keys(shown).length > 0 && tried.includes(at) && <p className={classes.bad}>{count(Object.keys(shown).length, 'field needs', 'fields need')} another look.</p>}
        </div>
        <div className={classes.buttons}>
          {at > 0 && (
            <Button variant="default" onClick={() => onAt(at - 1)}>
              {labels.back ?? 'Back'}
            </Button>
          )}
          {at === last && choices ? (
            choices.map(({ id, label, note, look = 'default' }) => (
              <Button key={id} type="submit" name="choice" value={id} title={note} variant={look === 'filled' ? 'filled' : 'default'} color={look === 'danger' ? 'red' : undefined} loading={busy} disabled={why !== undefined}>
                {label}
              </Button>
            ))
          ) : (
            <Button type="submit" loading={busy} disabled={at === last && why !== undefined}>
              {at < last ? (review && at === pages.length - 1 ? (labels.review ?? 'Review') : 'Next') : labels.submit}
            </Button>
          )}
          {at === last && why !== undefined && <span className="sd-dim">{why}</span>}
        </div>
      </form>
    </FormContext>
  );
}

/** What somebody has filled in: a default that is on screen may still become another one. */
function filledIn(own: Values, before: Values, after: Values): Values {
  return { ...own, ...Object.fromEntries(Object.entries(after).filter(([key, value]) => value !== before[key])) };
}

const ofPage = (page: FormPage, problems: Record<string, string>): Errors =>
  Object.fromEntries(Object.entries(problems).filter(([key]) => page.schema.properties?.[firstOf(`/${key}`)]).map(([key, message]) => [`/${key}`, message]));

/** Steps before the first one with something wrong may be gone to, and that one. */
function reachable(found: Errors[], at: number): number {
  const bad = found.findIndex((errors) => Object.keys(errors).length > 0);
  return Math.max(at, bad < 0 ? found.length : bad);
}

function focusFirst(form: HTMLFormElement | null): boolean {
  const field = form?.querySelector<HTMLElement>('[aria-invalid=true], [data-error] input, [data-error] textarea');
  field?.focus();
  field?.scrollIntoView({ block: 'center' });
  return Boolean(field);
}

function Steps({ pages, review, at, reachable: most, onAt }: { pages: FormPage[]; review: boolean; at: number; reachable: number; onAt: (at: number) => void }) {
  const titles = [...pages.map(({ title }, i) => title ?? (pages.length > 1 ? `Step ${i + 1}` : 'Inputs')), ...(review ? ['Review'] : [])];
  return (
    <nav className={classes.steps} aria-label="Steps">
      {titles.map((title, i) => (
        <button key={i} type="button" className={classes.step} aria-current={i === at ? 'step' : undefined} disabled={i > most} onClick={() => onAt(i)}>
          <span className={classes.stepNumber} aria-hidden>
            {i + 1}
          </span>
          {title}
        </button>
      ))}
    </nav>
  );
}
