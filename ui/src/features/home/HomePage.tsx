import { useSuspenseQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { sourcesQuery } from '~/api/queries';
import type { Blueprint, Source } from '~/api/types';
import { Page, Section } from '~/kit/Page';
import { StateMark } from '~/kit/StateMark';
import { Mono } from '~/kit/Mono';
import { count, formatNumber, shortPath } from '~/lib/text';
import { BlueprintIcon } from '~/parts/BlueprintIcon';
import { useDocumentTitle, useCatalogBlueprints } from '~/parts/model';
import { useSession } from '~/parts/session';
import { FirstSteps } from './FirstSteps';
import classes from './home.module.css';
import { Recent } from './Recent';

/** What there is, what is wrong, what changed. */
export function HomePage() {
  const blueprints = useCatalogBlueprints();
  const session = useSession();
  const { data } = useSuspenseQuery(sourcesQuery);
  const documentTitle = useDocumentTitle();
  const filled = blueprints.filter((blueprint) => blueprint.count > 0);
  const total = filled.reduce((sum, blueprint) => sum + blueprint.count, 0);
  const title = session.organization ?? session.title;
  if (total === 0) return <FirstSteps documentTitle={documentTitle} title={title} sources={data.sources} />;
  return (
    <Page
      documentTitle={documentTitle}
      title={title}
      subtitle={`${count(total, 'entity', 'entities')} of ${count(filled.length, 'blueprint')} from ${count(data.sources.length, 'source')}`}
    >
      <div className={classes.columns}>
        <div>
          <Counts blueprints={blueprints} />
          <Attention sources={data.sources} />
        </div>
        <Recent blueprints={filled} />
      </div>
    </Page>
  );
}

function Counts({ blueprints }: { blueprints: Blueprint[] }) {
  const filled = blueprints.filter((blueprint) => blueprint.count > 0);
  const empty = blueprints.length - filled.length;
  return (
    <Section title="Catalog" aside={empty > 0 ? `${count(empty, 'blueprint')} without entities` : undefined}>
      <ul className={classes.counts}>
        {filled.map((blueprint) => (
          <li key={blueprint.identifier}>
            <Link to="/catalog/$blueprint" params={{ blueprint: blueprint.identifier }} className={classes.count}>
              <BlueprintIcon blueprint={blueprint.identifier} icon={blueprint.icon} />
              <span className={classes.countTitle}>{blueprint.title}</span>
              <span className={classes.countNumber}>{formatNumber(blueprint.count)}</span>
            </Link>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Attention({ sources }: { sources: Source[] }) {
  const bad = sources.filter((source) => source.state !== 'fresh' || source.problems.length > 0 || source.conflicts.length > 0 || Boolean(source.reason));
  return (
    <Section
      title="Sources"
      aside={
        <Link to="/sources" className={classes.quietLink}>
          All {count(sources.length, 'source')}
        </Link>
      }
    >
      {bad.length === 0 && <p className={classes.line}>{sources.length > 0 ? 'Every source is fresh and without problems.' : 'No source is configured.'}</p>}
      <ul>
        {bad.map((source) => (
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
    </Section>
  );
}

function summary(source: Source): string {
  const parts = [];
  if (source.problems.length > 0) parts.push(count(source.problems.length, 'problem'));
  if (source.conflicts.length > 0) parts.push(count(source.conflicts.length, 'conflict'));
  return parts.join(', ');
}
