import type { Home, HomeRecent } from '~/api/home';
import { Section } from '~/kit/Page';
import { Time } from '~/kit/Time';
import { useHeld } from '~/kit/useHeld';
import { BlueprintIcon } from '~/parts/BlueprintIcon';
import { EntityLink } from '~/parts/EntityLink';
import classes from './home.module.css';

const keyOf = ({ blueprint, identifier }: HomeRecent) => `${blueprint} ${identifier}`;

/** What changed last around the reader. It stays where it is while somebody points at it. */
export function Recent({ home: { recent, aroundTeams } }: { home: Home }) {
  const { rows, newer, show, holding } = useHeld(recent, keyOf);
  return (
    <Section title="Recently changed" aside={aroundTeams ? 'around your teams' : undefined}>
      <div {...holding}>
        <div role="status">
          {newer > 0 && (
            <button type="button" className={classes.newer} onClick={show}>
              {newer} newer
            </button>
          )}
        </div>
        {rows.length === 0 && <p className={classes.line}>Nothing yet.</p>}
        <ul aria-label="Recently changed">
          {rows.map((row) => (
            <li key={keyOf(row)} className={classes.recent}>
              <BlueprintIcon blueprint={row.blueprint} icon={row.icon} size={15} />
              <span className={classes.recentTitle}>
                <EntityLink link={row} />
              </span>
              <span className={classes.who}>{row.isNew ? 'new' : ''}</span>
              <span className={classes.when}>
                <Time iso={row.updatedAt} />
              </span>
            </li>
          ))}
        </ul>
      </div>
    </Section>
  );
}
