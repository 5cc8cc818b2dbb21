import { useDebouncedValue } from '@mantine/hooks';
import { IconCircleCheck, IconCircleDashed } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { answerInput, askedFormQuery, type AskedInput, type Run } from '~/api/runs';
import { Time } from '~/kit/Time';
import { count } from '~/lib/text';
import { pagesOf, type UserInputs } from '~/parts/form/port';
import { SchemaForm } from '~/parts/form/SchemaForm';
import { Markdown } from '~/parts/Markdown';
import { useChange } from '~/parts/useChange';
import classes from './runs.module.css';
import { whyNot } from './why';

/** What a workflow asks people, who has answered, and the form for whom it asks. */
export function InputBlock({ run, asked }: { run: Run; asked: AskedInput }) {
  const mine = asked.may === true;
  return (
    <section className={classes.approval} data-waiting aria-label={asked.title}>
      <h2 className={classes.approvalTitle}>
        {asked.title}
        {mine && <span className="sd-dim"> waits for your answer</span>}
      </h2>
      {asked.description && <Markdown source={asked.description} />}
      <Answers asked={asked} />
      {mine ? <AnswerForm run={run} asked={asked} /> : <p className="sd-dim">{whyNot(asked.may)}</p>}
    </section>
  );
}

function Answers({ asked: { answered, buttons } }: { asked: AskedInput }) {
  const labelOf = (button: string) => buttons.find(({ identifier }) => identifier === button)?.label ?? button;
  const many = buttons.filter(({ needed }) => needed > 1);
  if (answered.length === 0 && many.length === 0) return null;
  return (
    <ul className={classes.answers} aria-label="Answers">
      {answered.map(({ by, at, button }) => (
        <li key={by}>
          <IconCircleCheck size={15} color="var(--sd-ok)" aria-hidden />
          <span>
            {by} answered “{labelOf(button)}” <Time iso={at} />
          </span>
        </li>
      ))}
      {many.map(({ identifier, label, needed, pressed }) => (
        <li key={identifier} className="sd-dim">
          <IconCircleDashed size={15} aria-hidden /> “{label}” takes {count(needed, 'person', 'people')}: {pressed} so far
        </li>
      ))}
    </ul>
  );
}

/** So that not every letter asks the server. */
const pause = 300;

function AnswerForm({ run, asked }: { run: Run; asked: AskedInput }) {
  const [values, setValues] = useState<Record<string, unknown>>({});
  const [at, setAt] = useState(0);
  const [settled] = useDebouncedValue(values, pause);
  const { data } = useQuery({ ...askedFormQuery(run.id, asked.node, settled), enabled: Object.keys(settled).length > 0 });
  const answer = useChange(({ button, filled }: { button: string; filled: Record<string, unknown> }) => answerInput(run.id, asked.node, button, filled));
  const refused = useMemo(() => byInput(answer.error?.message ?? ''), [answer.error]);
  const inputs = (data?.userInputs ?? asked.inputs) as UserInputs;
  const all = useMemo(() => ({ ...asked.values, ...values }), [asked.values, values]);
  const pages = useMemo(() => pagesOf(inputs, all), [inputs, all]);
  return (
    <div className={classes.answer}>
      <SchemaForm
        quiet
        pages={pages}
        values={all}
        onValues={(next) => {
          setValues(next);
          answer.reset();
        }}
        problems={refused.problems}
        at={at}
        onAt={setAt}
        labels={{ submit: 'Answer' }}
        choices={asked.buttons.map(({ identifier, label, variant, needed, pressed }, i) => ({ id: identifier, label, look: lookOf(variant, i), note: needed > 1 ? `${pressed} of ${needed} have pressed it` : undefined }))}
        onSubmit={(filled, button) => button !== undefined && answer.mutate({ button, filled })}
        busy={answer.isPending}
        error={refused.rest ? new Error(refused.rest) : null}
      />
    </div>
  );
}

/** What the server says of single inputs, and the rest of it. */
function byInput(message: string): { problems: Record<string, string>; rest: string } {
  const problems: Record<string, string> = {};
  const rest = message.split('; ').filter((part) => {
    const [, input, words] = /^"inputs\/([^"/]+)[^"]*"\s*(.+)$/.exec(part) ?? [];
    if (input && words) problems[input] ??= `${words.charAt(0).toUpperCase()}${words.slice(1).replace(/\.$/, '')}.`;
    return !input;
  });
  return { problems, rest: rest.join('; ') };
}

/** Port says how a button looks in words of its own. */
function lookOf(variant: string | null | undefined, at: number): 'filled' | 'default' | 'danger' {
  if (/danger|error|destructive|red/i.test(variant ?? '')) return 'danger';
  if (/primary|success|filled/i.test(variant ?? '')) return 'filled';
  return !variant && at === 0 ? 'filled' : 'default';
}
