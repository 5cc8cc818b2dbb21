import { IconCircleX } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { DocumentsResult } from '~/api/types';
import { LineDiff } from '~/kit/LineDiff';
import { Mono } from '~/kit/Mono';
import { Section } from '~/kit/Page';
import { count, formatNumber } from '~/lib/text';
import { EntityLink } from '~/parts/EntityLink';
import classes from './documents.module.css';

type Outcome = DocumentsResult['created'][number];
type Rejected = DocumentsResult['rejected'][number];

interface ResultsProps {
  result: DocumentsResult;
  onPlace: (line: number, column: number) => void;
}

/** What became, or would become, of each document. */
export function Results({ result, onPlace }: ResultsProps) {
  const { dryRun, created, changed, unchanged, rejected } = result;
  const would = dryRun ? 'Would be ' : '';
  const title = (word: string) => (would ? would + word : word.charAt(0).toUpperCase() + word.slice(1));
  return (
    <>
      <p className={classes.summary}>
        {dryRun ? 'Checked: ' : 'Applied: '}
        {count(created.length, 'new entity', 'new entities')}, {formatNumber(changed.length)} changed, {formatNumber(unchanged.length)} unchanged,{' '}
        <span className={rejected.length > 0 ? classes.bad : undefined}>{formatNumber(rejected.length)} rejected</span>
      </p>
      {rejected.length > 0 && (
        <Section title={title('rejected')}>
          <ul>
            {rejected.map((one, i) => (
              <RejectedLine key={i} rejected={one} onPlace={onPlace} />
            ))}
          </ul>
        </Section>
      )}
      <Outcomes title={title('created')} outcomes={created} exists={!dryRun} />
      <Outcomes title={title('changed')} outcomes={changed} exists />
      <Outcomes title={dryRun ? 'Would stay as they are' : 'Unchanged'} outcomes={unchanged} exists />
    </>
  );
}

function RejectedLine({ rejected, onPlace }: { rejected: Rejected; onPlace: (line: number, column: number) => void }) {
  const { index, line, column, ref, message } = rejected;
  return (
    <li className={classes.rejected}>
      <IconCircleX size={15} role="img" aria-label="rejected" />
      <div>
        <div>{message}</div>
        <div className="sd-dim">
          {line ? (
            <button type="button" className={classes.place} onClick={() => onPlace(line, column)}>
              line {line}
              {column ? `, column ${column}` : ''}
            </button>
          ) : null}{' '}
          document {index + 1} {ref && <Mono wrap>{ref}</Mono>}
        </div>
      </div>
    </li>
  );
}

function Outcomes({ title, outcomes, exists }: { title: string; outcomes: Outcome[]; exists: boolean }) {
  if (outcomes.length === 0) return null;
  return (
    <Section title={title} aside={formatNumber(outcomes.length)}>
      <ul className={classes.outcomes}>
        {outcomes.map((one) => (
          <li key={one.index}>
            <OutcomeName outcome={one} exists={exists} />
            {one.difference && (
              <details className={classes.difference}>
                <summary>What differs</summary>
                <LineDiff before={one.difference.before} after={one.difference.after} label={`What differs in ${one.ref ?? one.identifier}`} />
              </details>
            )}
          </li>
        ))}
      </ul>
    </Section>
  );
}

function OutcomeName({ outcome, exists }: { outcome: Outcome; exists: boolean }) {
  const { ref, identifier } = outcome;
  // only a blueprint has no ref
  if (!ref) {
    return (
      <>
        Blueprint{' '}
        {exists ? (
          <Link to="/model/$blueprint" params={{ blueprint: identifier }}>
            <Mono wrap>{identifier}</Mono>
          </Link>
        ) : (
          <Mono wrap>{identifier}</Mono>
        )}
      </>
    );
  }
  return <Mono wrap>{exists ? <EntityLink link={{ ...outcome, ref, title: ref, exists: true }} /> : ref}</Mono>;
}
