import { Button } from '@mantine/core';
import type { Source } from '~/api/types';
import { quiet } from '~/kit/Confirm';
import { Mono } from '~/kit/Mono';
import { Section } from '~/kit/Page';
import { ProblemLine } from '~/kit/Problem';
import { StateMark } from '~/kit/StateMark';
import { ConfirmLoss } from './ConfirmLoss';
import classes from './sources.module.css';

/** Everything that a person should mend in one source, with its place. */
export function SourceProblems({ source, onConflict }: { source: Source; onConflict: (reference: string) => void }) {
  return (
    <div id={source.id} className={classes.problems}>
      <Section title={<Mono wrap>{source.target}</Mono>} aside={<StateMark state={source.state} />}>
        {source.reason && <ProblemLine level="warning" message={source.reason} />}
        {source.state === 'held' && <ConfirmLoss id={source.id} />}
        {source.problems.map((problem, i) => (
          <ProblemLine key={i} {...problem}>
            {problem.ref && <Mono wrap>{problem.ref}</Mono>}
          </ProblemLine>
        ))}
        {source.conflicts.map((conflict) => (
          <ProblemLine key={`${conflict.ref} ${conflict.claimer}`} level="warning" message={`${conflict.ref} is claimed twice`}>
            kept by <Mono wrap>{conflict.holder}</Mono>, also claimed by <Mono wrap>{conflict.claimer}</Mono>{' '}
            <Button variant="subtle" {...quiet} aria-label={`Compare what is said of ${conflict.ref}`} onClick={() => onConflict(conflict.ref)}>
              Compare…
            </Button>
          </ProblemLine>
        ))}
      </Section>
    </div>
  );
}
