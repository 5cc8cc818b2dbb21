import { Link } from '@tanstack/react-router';
import type { Home, HomeAttention } from '~/api/home';
import { Mono } from '~/kit/Mono';
import { Section } from '~/kit/Page';
import { ProblemLine } from '~/kit/Problem';
import { StateMark } from '~/kit/StateMark';
import { count, formatNumber, shortPath } from '~/lib/text';
import { EntityLink } from '~/parts/EntityLink';
import classes from './home.module.css';

const shown = 8;

/** What is wrong with what the reader's teams own, and sources that do not do well. */
export function Attention({ home: { attention, attentionTotal, aroundTeams, badSources, sources } }: { home: Home }) {
  const hidden = attentionTotal - Math.min(attention.length, shown);
  return (
    <Section title="Needs attention" aside={aroundTeams ? 'in what your teams own, and all sources' : undefined}>
      {attention.length === 0 && badSources.length === 0 && (
        <p className={classes.line}>
          Nothing. {sources > 0 ? 'Every source is fresh and without problems.' : 'There is no source; entities come through the API and by hand.'}
        </p>
      )}
      {badSources.length > 0 && (
        <ul aria-label="Sources">
          {badSources.slice(0, shown).map((source) => (
            <li key={source.id} className={classes.source}>
              <span className={classes.state}>
                <StateMark state={source.state} />
              </span>
              <Link to="/sources" hash={source.id} title={source.target} className={classes.target}>
                <Mono>{shortPath(source.target)}</Mono>
              </Link>
              <span className="sd-dim">{summary(source)}</span>
            </li>
          ))}
        </ul>
      )}
      {badSources.length > shown && (
        <p className={classes.line}>
          {count(badSources.length - shown, 'more source')}. <Link to="/sources">See all</Link>
        </p>
      )}
      {attention.length > 0 && (
        <ul aria-label="Entities">
          {attention.slice(0, shown).map((one, i) => (
            <li key={`${one.entity.ref} ${i}`} className={classes.attention}>
              <Item one={one} />
            </li>
          ))}
        </ul>
      )}
      {hidden > 0 && (
        <p className={classes.line}>
          {formatNumber(hidden)} more. <Link to="/sources">See them by source</Link>
        </p>
      )}
    </Section>
  );
}

function Item({ one: { kind, entity, message, file, line } }: { one: HomeAttention }) {
  if (kind === 'conflict') {
    return (
      <ProblemLine level="warning" message="Two sources claim it. The first keeps it:" file={file}>
        not <Mono wrap>{shortPath(message)}</Mono>. <EntityLink link={entity} inline />
      </ProblemLine>
    );
  }
  return (
    <ProblemLine level="error" message={message} file={file} line={line}>
      <EntityLink link={entity} inline />
    </ProblemLine>
  );
}

function summary({ problems, conflicts, reason }: Home['badSources'][number]): string {
  const parts = [];
  if (problems > 0) parts.push(count(problems, 'problem'));
  if (conflicts > 0) parts.push(count(conflicts, 'conflict'));
  return parts.join(', ') || (reason ?? '');
}
