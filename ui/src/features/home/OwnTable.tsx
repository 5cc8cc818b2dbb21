import { Link } from '@tanstack/react-router';
import { useQuery } from '@tanstack/react-query';
import { tableQuery } from '~/api/queries';
import { Section, Waiting } from '~/kit/Page';
import { ProblemLine } from '~/kit/Problem';
import { Time } from '~/kit/Time';
import { formatNumber } from '~/lib/text';
import { BlueprintIcon } from '~/parts/BlueprintIcon';
import { EntityLink } from '~/parts/EntityLink';
import classes from './home.module.css';

const shown = 8;

interface OwnTableProps {
  title: string;
  blueprint?: string;
  query?: string;
}

/** A table that the reader has put onto his page: what changed last of a query. */
export function OwnTable({ title, blueprint, query }: OwnTableProps) {
  const body = { blueprint, query, sort: [{ field: 'updatedAt', order: 'desc' }], limit: shown } as unknown as Parameters<typeof tableQuery>[0];
  const { data, error } = useQuery(tableQuery(body));
  const all = blueprint
    ? ({ to: '/catalog/$blueprint', params: { blueprint }, search: query ? { query } : {} } as never)
    : ({ to: '/query', search: { query } } as never);
  return (
    <Section title={title} aside={data && <Link {...(all as { to: '/' })}>All {formatNumber(data.total)}</Link>}>
      {error && <ProblemLine level="error" message={error.message} />}
      {!data && !error && <Waiting lines={4} />}
      {data?.rows.length === 0 && <p className={classes.line}>Nothing satisfies the query.</p>}
      <ul aria-label={title}>
        {data?.rows.map((row) => (
          <li key={`${row.blueprint} ${row.identifier}`} className={classes.recent}>
            <BlueprintIcon blueprint={row.blueprint} icon={row.icon} size={15} />
            <span className={classes.recentTitle}>
              <EntityLink link={{ ...row, title: row.title || row.identifier, exists: true }} />
            </span>
            <span className={classes.when}>
              <Time iso={row.updatedAt} />
            </span>
          </li>
        ))}
      </ul>
    </Section>
  );
}
