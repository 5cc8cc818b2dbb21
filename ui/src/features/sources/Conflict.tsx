import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { conflictQuery } from '~/api/sources';
import { CodeBlock } from '~/kit/CodeBlock';
import { LineDiff } from '~/kit/LineDiff';
import { Mono } from '~/kit/Mono';
import { Waiting } from '~/kit/Page';
import { ProblemLine } from '~/kit/Problem';
import { Time } from '~/kit/Time';
import { EntityLink } from '~/parts/EntityLink';
import classes from './sources.module.css';

/** Both sides of a name that two sources claim, and what to do about it. */
export function Conflict({ reference }: { reference: string }) {
  const { data, error } = useQuery(conflictQuery(reference));
  if (error) return <ProblemLine level="error" message={error.message} />;
  if (!data) return <Waiting lines={8} />;
  const { holder, waiting, blueprint, identifier } = data;
  return (
    <div className={classes.conflict}>
      <p>
        <EntityLink link={{ blueprint, identifier, title: data.ref, ref: data.ref, exists: true }} /> is what the first says; the other waits and takes over, with the same history,
        when the first goes. To resolve it, remove the document from one of the two places, or give one of them another <code>metadata.name</code>; then read that source again.
      </p>
      <div className={classes.claims}>
        <Claim title="Holds the name" claim={holder} />
        {waiting.map((claim) => (
          <Claim
            key={`${claim.source} ${claim.file} ${claim.line}`}
            title={
              <>
                Waits {claim.since && <Time iso={claim.since} />}
              </>
            }
            claim={claim}
          />
        ))}
      </div>
      {holder &&
        waiting.map((claim) => (
          <section key={`${claim.source} ${claim.file} ${claim.line}`}>
            <h3 className={classes.outlookTitle}>What would change if the name went to the other{waiting.length > 1 && ` (${claim.file})`}</h3>
            <LineDiff before={holder.document} after={claim.document} label={`What differs in ${claim.file}`} />
          </section>
        ))}
    </div>
  );
}

interface ClaimProps {
  title: ReactNode;
  claim: { source: string; file: string; line: number; document: string } | null | undefined;
}

function Claim({ title, claim }: ClaimProps) {
  if (!claim) {
    return (
      <section className={classes.claim}>
        <h3 className={classes.outlookTitle}>{title}</h3>
        <p className="sd-dim">Nobody: its claim has just ended.</p>
      </section>
    );
  }
  const { source, file, line, document } = claim;
  return (
    <section className={classes.claim}>
      <h3 className={classes.outlookTitle}>{title}</h3>
      <p className="sd-dim">
        <Mono wrap>{`${file.replace(/^(file|url):(\/\/)?/, '')}${line > 0 ? `:${line}` : ''}`}</Mono>
        {source !== file && (
          <>
            {' '}
            of <Mono wrap>{source}</Mono>
          </>
        )}
      </p>
      <CodeBlock text={document} language="yaml" label={`What ${file} says`} maxHeight="300px" />
    </section>
  );
}
