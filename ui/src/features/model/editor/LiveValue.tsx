import { CodeBlock } from '~/kit/CodeBlock';
import { Mono } from '~/kit/Mono';
import { ProblemLine } from '~/kit/Problem';
import { useEditing } from './context';
import classes from './editor.module.css';

/** What a derived property comes to for the chosen entity, as the draft defines it. */
export function LiveValue({ name }: { name: string }) {
  const { entity, draft } = useEditing();
  if (entity === undefined) return <p className="sd-dim">Choose an entity above to see the value.</p>;
  const { preview, current } = draft;
  const properties = preview?.entity?.properties as Record<string, unknown> | undefined;
  const problem = preview?.entityProblems[name];
  return (
    <div className={classes.live} aria-live="polite" data-waiting={!current || undefined}>
      <span className={classes.label}>
        Value for <Mono>{entity}</Mono>
      </span>
      {!preview && <span className="sd-dim">Looking…</span>}
      {preview && !properties && <span className="sd-dim">{preview.problems.some(({ level }) => level === 'error') ? 'Not before the errors are mended.' : 'There is no such entity.'}</span>}
      {problem && <ProblemLine level="error" message={problem} />}
      {properties && !problem && <Value value={properties[name]} />}
    </div>
  );
}

export function Value({ value }: { value: unknown }) {
  if (value === null || value === undefined) return <span className="sd-dim">nothing (null)</span>;
  if (typeof value === 'object') return <CodeBlock text={JSON.stringify(value, null, 2)} language="json" label="Value" maxHeight="180px" />;
  return <Mono wrap>{JSON.stringify(value)}</Mono>;
}
