import { IconAlertTriangle } from '@tabler/icons-react';
import type { EntityResult } from '~/api/types';
import { ProblemLine } from '~/kit/Problem';
import { StateMark } from '~/kit/StateMark';
import { Time } from '~/kit/Time';
import classes from './entity.module.css';
import { Place } from './Place';

/** What a person should look at first: nothing when all is well. */
export function Attention({ data }: { data: EntityResult }) {
  const { problems, conflicts, source, derivedProblems, relations } = data;
  const unsure = source?.state && source.state !== 'fresh';
  const dangling = relations.flatMap(({ title, links }) => links.filter(({ exists }) => !exists).map((link) => ({ title, link })));
  const failed = Object.entries(derivedProblems);
  const missing = relations.filter(({ required, total }) => required && total === 0);
  if (problems.length + conflicts.length + failed.length + missing.length + dangling.length === 0 && !unsure) return null;
  return (
    <section className={classes.attention} aria-label="What needs attention">
      {problems.map((problem, i) => (
        <ProblemLine key={i} {...problem} />
      ))}
      {unsure && (
        <ProblemLine level="warning" message={source.reason ?? 'What its source says may be out of date.'}>
          <StateMark state={source.state} />
          {source.lastSeen && (
            <>
              {' '}
              last seen <Time iso={source.lastSeen} />
            </>
          )}
        </ProblemLine>
      )}
      {conflicts.map(({ source: other, file, line }) => (
        <ProblemLine key={other + file} level="warning" message="Another source claims this entity too, and waits for the one that has it.">
          <Place target={file} line={line} />
        </ProblemLine>
      ))}
      {failed.map(([key, message]) => (
        <ProblemLine key={key} level="warning" message={`${key} has no value: ${message}`} />
      ))}
      {missing.map(({ key, title }) => (
        <ProblemLine key={key} level="warning" message={`The relation ${title} is required and leads nowhere.`} />
      ))}
      {dangling.length > 0 && (
        <div className={classes.attentionLine}>
          <IconAlertTriangle size={15} aria-label="warning" role="img" />
          <span>
            Leads to what does not exist: {dangling.slice(0, 5).map(({ link }) => link.ref).join(', ')}
            {dangling.length > 5 && ` and ${dangling.length - 5} more`}
          </span>
        </div>
      )}
    </section>
  );
}
