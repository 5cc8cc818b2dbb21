import { Button } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { IconChevronRight } from '@tabler/icons-react';
import { useState } from 'react';
import { historyQuery, type HistoryEvent } from '~/api/entity';
import type { Blueprint, EntityResult } from '~/api/types';
import { Empty, Waiting } from '~/kit/Page';
import { Mono } from '~/kit/Mono';
import { ProblemLine } from '~/kit/Problem';
import { Time } from '~/kit/Time';
import { absoluteTime } from '~/lib/dates';
import { count, words } from '~/lib/text';
import classes from './entity.module.css';
import { FieldDiff } from './FieldDiff';

/** What happened to the entity, newest first, field by field. */
export function Changes({ data, blueprint }: { data: EntityResult; blueprint: Blueprint | undefined }) {
  const { blueprint: of, identifier } = data.entity;
  const history = useInfiniteQuery(historyQuery({ blueprint: of, identifier }));
  if (history.error) return <ProblemLine level="error" message={history.error.message} />;
  if (!history.data) return <Waiting />;
  const events = history.data.pages.flatMap((page) => page.events);
  return (
    <>
      <ol className={classes.events}>
        {events.map((event, i) => (
          <Event key={event.revision} event={event} blueprint={blueprint} first={i === 0} />
        ))}
      </ol>
      {events.length === 0 && !history.hasNextPage && <Empty title="Nothing is recorded.">The log begins later, or it was never seen by you.</Empty>}
      {history.hasNextPage ? (
        <Button variant="default" loading={history.isFetchingNextPage} onClick={() => void history.fetchNextPage()}>
          Show older changes
        </Button>
      ) : (
        events.length > 0 && <p className="sd-dim">This is where its history begins. Computed values have none.</p>
      )}
    </>
  );
}

function Event({ event, blueprint, first }: { event: HistoryEvent; blueprint: Blueprint | undefined; first: boolean }) {
  // a new entity differs in everything: that is opened by whoever wants to know
  const [open, setOpen] = useState(event.action === 'updated' || first);
  const { fields, action } = event;
  const titles = fields.map(({ field }) => nameOfField(field, blueprint));
  return (
    <li className={classes.event}>
      <div className={classes.eventHead}>
        <button type="button" aria-expanded={open} disabled={fields.length === 0} onClick={() => setOpen(!open)} data-open={open || undefined}>
          <IconChevronRight size={14} aria-hidden />
          <strong>{{ created: 'Created', updated: 'Changed', deleted: 'Deleted' }[action as 'created']}</strong>
          <span className={classes.eventWhat}>{open ? count(fields.length, 'field') : titles.slice(0, 4).join(', ') + (titles.length > 4 ? ` and ${titles.length - 4} more` : '')}</span>
        </button>
        <span className={classes.eventWho}>
          <span title={event.actor}>{event.through === 'source' ? `source ${shortName(event.actor)}` : event.actor}</span>
          {event.agent && (
            <>
              {' '}
              with <Mono dim>{event.agent}</Mono>
            </>
          )}
        </span>
        <span className="sd-dim" title={absoluteTime(event.at)}>
          <Time iso={event.at} />
        </span>
      </div>
      {open && fields.length > 0 && (
        <ul className={classes.fieldList}>
          {fields.map((change) => (
            <li key={change.field}>
              <div className={classes.fieldName}>{nameOfField(change.field, blueprint)}</div>
              <FieldDiff name={nameOfField(change.field, blueprint)} before={change.before} after={change.after} />
            </li>
          ))}
        </ul>
      )}
    </li>
  );
}

const shortName = (source: string) => source.split('/').slice(-2).join('/');

function nameOfField(field: string, blueprint: Blueprint | undefined): string {
  const [part, ...rest] = field.split('.');
  const key = rest.join('.');
  if (part === 'properties') return blueprint?.properties[key]?.title || words(key);
  if (part === 'relations') return blueprint?.relations[key]?.title || words(key);
  return field === 'source' ? 'Stated by' : words(field);
}
