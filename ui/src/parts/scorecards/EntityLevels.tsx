import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { entityScorecardsQuery } from '~/api/scorecards';
import { LevelBadge } from './Level';
import classes from './scorecards.module.css';

/** What was opened for something else shows that first. */
const later = 2_000;

interface EntityLevelsProps {
  blueprint: string;
  entity: string;
  /** It is part of what is looked at. */
  soon: boolean;
}

/** The level of an entity in each scorecard, leading to what is behind it. Nothing where there are none. */
export function EntityLevels({ blueprint, entity, soon }: EntityLevelsProps) {
  const [due, setDue] = useState(soon);
  useEffect(() => {
    if (due) return undefined;
    const timer = setTimeout(() => setDue(true), later);
    return () => clearTimeout(timer);
  }, [due]);
  const { data } = useQuery({ ...entityScorecardsQuery(blueprint, entity), enabled: due });
  if (!data || data.scorecards.length === 0) return null;
  return (
    <span className={classes.badges} role="group" aria-label="Levels">
      {data.scorecards.map(({ identifier, title, level, levels }) => (
        <Link key={identifier} to="/entity/$blueprint" params={{ blueprint }} search={{ id: entity, tab: 'scorecards' }} className={classes.badgeLink}>
          <LevelBadge level={level} of={levels}>
            <em>{title}</em>
          </LevelBadge>
        </Link>
      ))}
    </span>
  );
}
