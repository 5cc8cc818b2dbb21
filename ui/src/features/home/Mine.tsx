import { Link } from '@tanstack/react-router';
import type { Home } from '~/api/home';
import { Section } from '~/kit/Page';
import { count, formatNumber } from '~/lib/text';
import { BlueprintIcon } from '~/parts/BlueprintIcon';
import { useModel } from '~/parts/model';
import classes from './home.module.css';

/** What the reader's teams own, by blueprint; what has problems comes first. */
export function Mine({ home: { mine, teams } }: { home: Home }) {
  const { blueprints } = useModel();
  return (
    <Section title="My teams" aside={teams.join(', ')}>
      {mine.length === 0 && (
        <p className={classes.line}>
          {teams.length === 1 ? 'Your team owns' : 'Your teams own'} nothing yet. An entity is a team’s when its owner is the team.
        </p>
      )}
      <ul className={classes.counts}>
        {mine.map(({ blueprint, count: entities, problems }) => {
          const known = blueprints.find(({ identifier }) => identifier === blueprint);
          return (
            <li key={blueprint}>
              <Link to="/catalog/$blueprint" params={{ blueprint }} search={{ query: '$team in @myTeams' }} className={classes.count}>
                <BlueprintIcon blueprint={blueprint} icon={known?.icon} />
                <span className={classes.countTitle}>{known?.title ?? blueprint}</span>
                {problems > 0 && <span className={classes.bad}>{count(problems, 'with problems', 'with problems')}</span>}
                <span className={classes.countNumber}>{formatNumber(entities)}</span>
              </Link>
            </li>
          );
        })}
      </ul>
    </Section>
  );
}
