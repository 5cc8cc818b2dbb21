import { useQueries } from '@tanstack/react-query';
import { tableQuery } from '~/api/queries';
import type { Blueprint, Row } from '~/api/types';
import { Section, Waiting } from '~/kit/Page';
import { Time } from '~/kit/Time';
import { BlueprintIcon } from '~/parts/BlueprintIcon';
import { EntityLink } from '~/parts/EntityLink';
import classes from './home.module.css';

const shown = 14;
// one small query each; more would not change the picture
const maxBlueprints = 12;
// locations are bookkeeping: they change with what they hold

/** The entities that changed last, over all blueprints. */
export function Recent({ blueprints }: { blueprints: Blueprint[] }) {
  const asked = blueprints.filter(({ identifier }) => identifier !== 'location').slice(0, maxBlueprints);
  const { rows, waiting } = useQueries({
    queries: asked.map(({ identifier }) =>
      tableQuery({ blueprint: identifier, sort: { field: 'updatedAt', order: 'desc' }, limit: shown }),
    ),
    combine: (results) => ({
      waiting: results.some((result) => result.isPending),
      rows: newest(results.flatMap((result) => result.data?.rows ?? [])),
    }),
  });
  return (
    <Section title="Recently changed">
      {waiting ? (
        <Waiting lines={shown} />
      ) : (
        <ul>
          {rows.map((row) => (
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
      )}
    </Section>
  );
}

const newest = (rows: Row[]) =>
  rows.sort((a, b) => Date.parse(b.updatedAt) - Date.parse(a.updatedAt)).slice(0, shown);
