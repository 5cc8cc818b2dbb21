import { IconChevronRight, IconCircleCheck, IconCircleX } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { AuditEvent } from '~/api/audit';
import { CodeBlock } from '~/kit/CodeBlock';
import { Mono } from '~/kit/Mono';
import { absoluteTime } from '~/lib/dates';
import classes from './audit.module.css';
import { Changes } from './Changes';
import { whatOf } from './words';

interface EventLineProps {
  event: AuditEvent;
  open: boolean;
  onToggle: () => void;
}

/** One line of the log, which opens. */
export function EventLine({ event, open, onToggle }: EventLineProps) {
  const failed = event.status === 'failure';
  const Icon = failed ? IconCircleX : IconCircleCheck;
  return (
    <li className={classes.event} data-open={open || undefined} data-failed={failed || undefined}>
      <button type="button" className={classes.head} aria-expanded={open} onClick={onToggle}>
        <IconChevronRight size={14} className={classes.chevron} aria-hidden />
        <Icon size={15} className={classes.outcome} role="img" aria-label={failed ? 'Refused or failed' : 'Done'} />
        <time className={classes.at} dateTime={event.at}>
          {absoluteTime(event.at)}
        </time>
        <span className={classes.who}>{event.actor.name ?? 'somebody'}</span>
        <span className={classes.what}>
          {whatOf(event)} {event.identifier && <Mono>{event.identifier}</Mono>}
        </span>
        <span className={classes.message}>{event.message}</span>
      </button>
      {open && <Particulars event={event} />}
    </li>
  );
}

function Particulars({ event }: { event: AuditEvent }) {
  const { actor } = event;
  const facts: [string, string | null | undefined][] = [
    ['Who', actor.name],
    ['Right or event', event.name],
    ['Blueprint', event.blueprint],
    ['Identifier', event.identifier],
    ['Through', actor.through],
    ['By', [actor.via, actor.credential].filter(Boolean).join(' ') || null],
    ['From', actor.address],
    ['Program', actor.agent],
    ['Commit', event.revision?.toString()],
    ['Says', event.message],
  ];
  return (
    <div className={classes.body}>
      <dl className={classes.facts}>
        {facts.map(([name, value]) =>
          value === null || value === undefined ? null : (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ),
        )}
      </dl>
      {event.kind === 'entity' && event.blueprint && event.identifier && event.after !== null && (
        <p>
          <Link to="/entity/$blueprint" params={{ blueprint: event.blueprint }} search={{ id: event.identifier }}>
            Open the entity
          </Link>
        </p>
      )}
      {event.hidden ? <p className="sd-dim">What it was and is, is kept back: nobody is shown the content of a secret.</p> : <Changes event={event} />}
      {event.details !== null && event.details !== undefined && (
        <CodeBlock text={JSON.stringify(event.details, null, 2)} language="json" label="particulars" maxHeight="240px" />
      )}
    </div>
  );
}
