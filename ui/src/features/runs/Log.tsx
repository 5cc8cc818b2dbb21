import { Button, Switch, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useLayoutEffect, useRef, useState } from 'react';
import { hasEnded, type LogLine, type Run } from '~/api/runs';
import { CopyButton } from '~/kit/CopyButton';
import { Section } from '~/kit/Page';
import { absoluteTime } from '~/lib/dates';
import { count } from '~/lib/text';
import classes from './runs.module.css';
import type { RunSearch } from './search';
import type { Live } from './useRunLive';

/** Older lines are drawn when they are asked for. */
const drawn = 2_000;

interface LogProps {
  run: Run;
  live: Live;
  search: RunSearch;
  onSearch: (patch: RunSearch) => void;
}

/** What a run says, line by line, as it says it. */
export function Log({ run, live, search, onSearch }: LogProps) {
  const [all, setAll] = useState(false);
  const [follow, setFollow] = useState(true);
  const box = useRef<HTMLDivElement>(null);
  const ended = hasEnded(run.status);
  const lines = [accepted(run), ...live.lines];
  const shown = lines.filter((line) => matches(line, search));
  const visible = all ? shown : shown.slice(-drawn);
  const older = shown.length - visible.length;
  const hidden = lines.length - shown.length;
  const newest = visible.at(-1)?.seq;
  useLayoutEffect(() => {
    if (follow && !ended && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [newest, follow, ended]);
  const step = run.steps.find(({ id }) => id === search.step);
  return (
    <Section title="Log" aside={live.connected || ended ? undefined : 'The connection broke; it is being made again.'}>
      <div className={classes.logTools}>
        <TextInput type="search" aria-label="Find in the log" placeholder="Find in the log" leftSection={<IconSearch size={14} aria-hidden />} value={search.find ?? ''} onChange={(event) => onSearch({ find: event.currentTarget.value || undefined })} />
        <Switch size="xs" label="Only warnings and errors" checked={search.bad === true} onChange={(event) => onSearch({ bad: event.currentTarget.checked || undefined })} />
        {!ended && <Switch size="xs" label="Follow" checked={follow} onChange={(event) => setFollow(event.currentTarget.checked)} />}
        {step && (
          <Button variant="default" size="compact-xs" onClick={() => onSearch({ step: undefined })}>
            Only “{step.name}”: show all
          </Button>
        )}
        <span className={classes.logCount}>
          <span>{hidden > 0 ? `${count(shown.length, 'line')}, ${hidden} hidden` : count(shown.length, 'line')}</span>
          {shown.length > 0 && <CopyButton label="Copy the log" value={shown.map(textOf).join('\n')} />}
        </span>
      </div>
      <div
        ref={box}
        className={classes.log}
        role="log"
        aria-label="Log of the run"
        aria-live={ended ? 'off' : 'polite'}
        tabIndex={0}
        onScroll={({ currentTarget }) => {
          // who scrolls up wants to read; at the end it goes on by itself
          const end = currentTarget.scrollHeight - currentTarget.scrollTop - currentTarget.clientHeight < 8;
          if (end !== follow) setFollow(end);
        }}
      >
        {older > 0 && (
          <Button variant="subtle" size="compact-xs" onClick={() => setAll(true)}>
            Show {count(older, 'older line')}
          </Button>
        )}
        {visible.map((line) => (
          <Line key={line.seq} line={line} />
        ))}
        {visible.length === 0 && <p className={classes.logEmpty}>No line matches.</p>}
        {live.lines.length === 0 && visible.length > 0 && <p className={classes.logEmpty}>{ended ? 'It said nothing.' : run.status === 'WAITING_FOR_APPROVAL' ? 'It begins when it has been approved.' : 'Waiting for what it says…'}</p>}
      </div>
    </Section>
  );
}

function Line({ line }: { line: LogLine }) {
  return (
    <div className={classes.logLine} data-level={line.level}>
      <time className={classes.logTime} dateTime={line.at} title={absoluteTime(line.at)}>
        {clock(line.at)}
      </time>
      {(line.level === 'warn' || line.level === 'error') && <span className={classes.level}>{line.level}</span>}
      <span className={classes.logText}>{line.message}</span>
    </div>
  );
}

/** What can be said of every run before it says anything. */
const accepted = ({ createdAt, rerunOf }: Run): LogLine => ({ seq: -1, at: createdAt, level: 'info', message: rerunOf ? 'Accepted, to repeat an earlier run' : 'Accepted' });

function matches(line: LogLine, { step, find, bad }: RunSearch): boolean {
  return (!step || line.step === undefined || line.step === null || line.step === step) && (!bad || line.level === 'warn' || line.level === 'error') && (!find || line.message.toLowerCase().includes(find.toLowerCase()));
}

function clock(iso: string): string {
  const time = new Date(iso);
  return Number.isNaN(time.getTime()) ? '' : time.toLocaleTimeString('en-GB');
}

const textOf = ({ at, level, message }: LogLine) => `${at} ${level} ${message}`;
