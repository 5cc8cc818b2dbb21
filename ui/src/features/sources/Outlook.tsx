import type { ReactNode } from 'react';
import type { LocationPreview } from '~/api/sources';
import { LineDiff } from '~/kit/LineDiff';
import { Mono } from '~/kit/Mono';
import { ProblemLine } from '~/kit/Problem';
import { count, formatNumber } from '~/lib/text';
import classes from './sources.module.css';

type Document = LocationPreview['created'][number];

/** What registering an address would do to the catalog. */
export function Outlook({ preview: { exists, created, changed, unchanged, conflicts, rejected } }: { preview: LocationPreview }) {
  const found = created.length + changed.length + unchanged.length + conflicts.length;
  return (
    <div className={classes.outlook}>
      {exists && <ProblemLine level="warning" message="This address is registered already." />}
      <p className={classes.tally}>
        {found === 0 && rejected.length === 0
          ? 'It holds no entity.'
          : [
              `${formatNumber(created.length)} new`,
              `${formatNumber(changed.length)} changed`,
              `${formatNumber(unchanged.length)} unchanged`,
              ...(conflicts.length > 0 ? [`${count(conflicts.length, 'conflict')}`] : []),
              ...(rejected.length > 0 ? [`${formatNumber(rejected.length)} rejected`] : []),
            ].join(', ')}
      </p>
      {rejected.map(({ message, file, line, ref }, i) => (
        <ProblemLine key={i} level="error" message={message} file={file || undefined} line={line || undefined}>
          {ref && <Mono wrap>{ref}</Mono>}
        </ProblemLine>
      ))}
      <Documents title="Claimed by another source: these would wait" documents={conflicts}>
        {({ holder }) => holder && <div className="sd-dim">kept by <Mono wrap>{holder}</Mono></div>}
      </Documents>
      <Documents title="Would change" documents={changed}>
        {({ ref, difference }) =>
          difference ? (
            <details className={classes.difference}>
              <summary>What differs</summary>
              <LineDiff before={difference.before} after={difference.after} label={`What differs in ${ref}`} maxHeight="220px" />
            </details>
          ) : null
        }
      </Documents>
      <Documents title="Would be created" documents={created} />
      <Documents title="Are there as they are" documents={unchanged} />
    </div>
  );
}

interface DocumentsProps {
  title: string;
  documents: Document[];
  children?: (document: Document) => ReactNode;
}

function Documents({ title, documents, children }: DocumentsProps) {
  if (documents.length === 0) return null;
  return (
    <section>
      <h3 className={classes.outlookTitle}>
        {title} <span className="sd-dim sd-nums">{formatNumber(documents.length)}</span>
      </h3>
      <ul className={classes.found} aria-label={title}>
        {documents.map((document) => (
          <li key={`${document.kind} ${document.ref} ${document.line}`} title={`${document.file}:${document.line}`}>
            <span className="sd-dim">{document.kind}</span> <Mono wrap>{document.ref}</Mono> {document.title}
            {children?.(document)}
          </li>
        ))}
      </ul>
    </section>
  );
}
