import { IconAlertTriangle, IconPencil } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { ScorecardRow } from '~/api/scorecards';
import { Hidden } from '~/kit/Mono';
import { count, formatNumber } from '~/lib/text';
import { BlueprintIcon } from '~/parts/BlueprintIcon';
import { useBlueprint } from '~/parts/model';
import { passShare, percent } from '~/parts/scorecards/counts';
import { CountsBar, inWords } from '~/parts/scorecards/CountsBar';
import { LevelBar } from '~/parts/scorecards/Level';
import classes from './scorecards.module.css';

const most = 8;

/** One scorecard: how entities fall into its levels, and how much of them keeps each rule. */
export function ScorecardTile({ scorecard }: { scorecard: ScorecardRow }) {
  const { blueprint, blueprintTitle, identifier, title, applies, notApplicable, passed, levels, rules, draft, published, problems } = scorecard;
  const icon = useBlueprint(blueprint)?.icon;
  const params = { blueprint, scorecard: identifier };
  return (
    <li className={classes.tile} data-scorecard={identifier}>
      <div className={classes.tileHead}>
        <BlueprintIcon blueprint={blueprint} icon={icon} size={16} />
        <h2 className={classes.tileTitle}>
          <Link to="/scorecards/$blueprint/$scorecard" params={params}>
            {title}
          </Link>
        </h2>
        <span className="sd-dim">{blueprintTitle}</span>
        {draft && (
          <span className={classes.mark} title={published ? 'There is a draft of it.' : 'Only those who may publish it see it. The numbers are what it would give.'}>
            <IconPencil size={13} aria-hidden /> {published ? 'draft' : 'draft, not published'}
          </span>
        )}
        {problems.length > 0 && (
          <span className={classes.mark} data-bad title={problems.map(({ path, message }) => `${path} ${message}`).join('\n')}>
            <IconAlertTriangle size={13} aria-hidden /> {count(problems.length, 'problem')}
          </span>
        )}
      </div>
      <LevelBar
        levels={levels}
        link={(level, children) =>
          published ? (
            <Link to="/scorecards/$blueprint/$scorecard" params={params} search={{ list: true, level: level.title }}>
              {children}
            </Link>
          ) : (
            children
          )
        }
      />
      <ul className={classes.shares}>
        {rules.slice(0, most).map((rule) => {
          const line = (
            <>
              <span className={classes.shareTitle}>{rule.title}</span>
              <CountsBar counts={rule} />
              <span className={classes.shareNumber}>
                {percent(passShare(rule))}
                <Hidden> pass: {inWords(rule)}</Hidden>
              </span>
            </>
          );
          return (
            <li key={rule.identifier}>
              {published ? (
                <Link to="/scorecards/$blueprint/$scorecard" params={params} search={{ list: true, rule: rule.identifier, status: rule.failed > 0 ? 'failed' : undefined }} className={classes.share} title={inWords(rule)}>
                  {line}
                </Link>
              ) : (
                <span className={classes.share} title={inWords(rule)}>
                  {line}
                </span>
              )}
            </li>
          );
        })}
      </ul>
      {rules.length > most && <p className="sd-dim">{count(rules.length - most, 'more rule')} on its page.</p>}
      <p className="sd-dim">
        {formatNumber(passed)} of {formatNumber(applies)} {published ? 'keep' : 'would keep'} every rule
        {notApplicable > 0 && `; not applicable to ${formatNumber(notApplicable)}`}
      </p>
    </li>
  );
}
