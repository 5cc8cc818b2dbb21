import { Button, Textarea } from '@mantine/core';
import { IconCircleCheck, IconCircleDashed, IconThumbDown } from '@tabler/icons-react';
import { useState } from 'react';
import { answerApproval, type Answer, type Run } from '~/api/runs';
import { ProblemLine } from '~/kit/Problem';
import { Time } from '~/kit/Time';
import { useChange } from '~/parts/useChange';
import classes from './runs.module.css';
import { whyNot } from './why';

/** Who has to say yes, who has said what, and the words of the viewer where it is his to say. */
export function ApprovalBlock({ run, approval }: { run: Run; approval: NonNullable<Run['approval']> }) {
  const waiting = run.status === 'WAITING_FOR_APPROVAL';
  const [words, setWords] = useState('');
  const answer = useChange((verdict: Answer['verdict']) => answerApproval(run.id, verdict, words.trim()));
  const mine = run.may.approve === true;
  const open = approval.approvers.filter((email) => !approval.answers.some((one) => one.email === email));
  if (!waiting && approval.answers.length === 0) return null;
  return (
    <section className={classes.approval} data-waiting={waiting || undefined} aria-label="Approval">
      <h2 className={classes.approvalTitle}>{waiting ? (mine ? 'This run waits for you' : 'This run waits for an approval') : 'Approval'}</h2>
      {waiting && <p className="sd-dim">{approval.mode === 'ALL' ? 'Each of these people has to approve it.' : 'The first of these people to answer decides.'} What it was given stays as it is.</p>}
      <ul className={classes.answers}>
        {approval.answers.map(({ email, verdict, description, at }) => (
          <li key={email}>
            {verdict === 'APPROVE' ? <IconCircleCheck size={15} color="var(--sd-ok)" aria-hidden /> : <IconThumbDown size={15} color="var(--sd-warn)" aria-hidden />}
            <span>
              {email} {verdict === 'APPROVE' ? 'approved' : 'declined'} <Time iso={at} />
              {description && <>: “{description}”</>}
            </span>
          </li>
        ))}
        {waiting &&
          open.map((email) => (
            <li key={email} className="sd-dim">
              <IconCircleDashed size={15} aria-hidden /> {email}
            </li>
          ))}
        {waiting && approval.approvers.length === 0 && <li className="sd-dim">Any administrator.</li>}
      </ul>
      {waiting && mine && (
        <div className={classes.answer}>
          <Textarea label="Words for whoever asked" autosize minRows={2} maxRows={6} value={words} onChange={(event) => setWords(event.currentTarget.value)} />
          {answer.error && <ProblemLine level="error" message={answer.error.message} />}
          <div className={classes.buttons}>
            <Button loading={answer.isPending && answer.variables === 'APPROVE'} onClick={() => answer.mutate('APPROVE')}>
              Approve
            </Button>
            <Button variant="default" color="red" loading={answer.isPending && answer.variables === 'DECLINE'} onClick={() => answer.mutate('DECLINE')}>
              Decline
            </Button>
          </div>
        </div>
      )}
      {waiting && !mine && typeof run.may.approve === 'string' && <p className="sd-dim">{whyNot(run.may.approve)}</p>}
    </section>
  );
}
