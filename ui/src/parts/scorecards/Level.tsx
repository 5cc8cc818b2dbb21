import type { ReactNode } from 'react';
import type { CountedLevel, Level } from '~/api/scorecards';
import { dotColor } from '~/kit/Mono';
import { formatNumber } from '~/lib/text';
import classes from './scorecards.module.css';

/** A level as a badge: its colour and its name. */
export function LevelBadge({ level, of, children }: { level: string; of: Level[]; children?: ReactNode }) {
  const color = of.find(({ title }) => title === level)?.color ?? 'gray';
  return (
    <span className={classes.level} data-level={level}>
      <span className={classes.levelDot} style={{ background: dotColor(color) }} aria-hidden />
      {children}
      {level}
    </span>
  );
}

interface LevelBarProps {
  levels: CountedLevel[];
  /** Around the name and number of a level: leads to its entities. */
  link?: (level: CountedLevel, children: ReactNode) => ReactNode;
}

/** How entities fall into levels: one bar, and its words and numbers. */
export function LevelBar({ levels, link = (_, children) => children }: LevelBarProps) {
  const total = levels.reduce((sum, { count }) => sum + count, 0);
  return (
    <div className={classes.levels}>
      <div className={classes.bar} aria-hidden>
        {total > 0 && levels.map(({ title, color, count }) => count > 0 && <span key={title} style={{ flexGrow: count, background: dotColor(color) }} />)}
      </div>
      <ul className={classes.levelList}>
        {levels.map((level) => (
          <li key={level.title}>
            {link(
              level,
              <>
                <span className={classes.levelDot} style={{ background: dotColor(level.color) }} aria-hidden />
                {level.title} <b>{formatNumber(level.count)}</b>
              </>,
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}
