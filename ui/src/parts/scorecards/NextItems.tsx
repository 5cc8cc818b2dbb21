import { Link } from '@tanstack/react-router';
import type { NextItem } from '~/api/standards';
import { Time } from '~/kit/Time';
import { count } from '~/lib/text';
import { EntityLink } from '../EntityLink';
import { FixLine } from './FixLine';
import classes from './scorecards.module.css';
import { StatusMark } from './Status';

/** What is gained by mending it. */
export function gainWords({ level, missing }: NextItem['gain']): string {
  if (level) return `reaches ${level}`;
  return `${count(missing, 'rule')} missing to the next level`;
}

/** What should be fixed, the most worthwhile first, each with its fix. */
export function NextItems({ items, label }: { items: NextItem[]; label: string }) {
  return (
    <ul aria-label={label}>
      {items.map((item) => (
        <li key={`${item.blueprint} ${item.entity.identifier} ${item.scorecard.identifier} ${item.rule.identifier}`} className={classes.item}>
          <Item item={item} />
        </li>
      ))}
    </ul>
  );
}

function Item({ item: { blueprint, entity, scorecard, rule, status, since, fix, gain } }: { item: NextItem }) {
  return (
    <>
      <div className={classes.itemMain}>
        <div className={classes.ruleTitle}>{rule.title}</div>
        <div>
          <EntityLink inline link={{ blueprint, ...entity, ref: entity.identifier, exists: true }} />{' '}
          <span className="sd-dim">
            ·{' '}
            <Link to="/scorecards/$blueprint/$scorecard" params={{ blueprint, scorecard: scorecard.identifier }} className={classes.plainLink}>
              {scorecard.title}
            </Link>
          </span>
        </div>
      </div>
      <div className={classes.itemMain}>
        <div className={classes.ruleHead}>
          <StatusMark status={status} />
          {since && (
            <span className="sd-dim">
              since <Time iso={since} />
            </span>
          )}
          <span className={classes.gain}>{gainWords(gain)}</span>
        </div>
        {fix && <FixLine fix={fix} blueprint={blueprint} entity={entity.identifier} rule={rule.title} />}
      </div>
    </>
  );
}
