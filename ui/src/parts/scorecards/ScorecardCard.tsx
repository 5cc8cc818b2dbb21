import { IconCheck, IconQuestionMark, IconX } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Condition, EntityScorecard, RuleResult } from '~/api/scorecards';
import { Dim, Mono } from '~/kit/Mono';
import { Time } from '~/kit/Time';
import { shorten } from '~/lib/text';
import { asText } from '~/lib/values';
import { EmbedBadge } from './EmbedBadge';
import { FixLine } from './FixLine';
import { LevelBadge } from './Level';
import classes from './scorecards.module.css';
import { StatusMark } from './Status';

interface ScorecardCardProps {
  blueprint: string;
  entity: string;
  scorecard: EntityScorecard;
  /** It is a draft: it has no page. */
  preview?: boolean;
  /** What can be done about a rule that does not hold. */
  tools?: (rule: RuleResult) => ReactNode;
}

/** One scorecard of one entity: what fails comes first, with the value that failed it and the way to fix it. */
export function ScorecardCard({ blueprint, entity, scorecard, preview = false, tools }: ScorecardCardProps) {
  const { identifier, title, level, levels, next, rules } = scorecard;
  const bad = rules.filter(({ status }) => status === 'failed' || status === 'notMeasured');
  const good = rules.filter((rule) => !bad.includes(rule));
  const card = { blueprint, entity, scorecard, tools };
  return (
    <section aria-label={title}>
      <div className={classes.cardHead}>
        <h2 className={classes.cardTitle}>
          {preview ? (
            title
          ) : (
            <Link to="/scorecards/$blueprint/$scorecard" params={{ blueprint, scorecard: identifier }} className={classes.plainLink}>
              {title}
            </Link>
          )}
        </h2>
        <LevelBadge level={level} of={levels} />
        <Dim>{missing(next, rules)}</Dim>
        {!preview && <EmbedBadge blueprint={blueprint} entity={entity} scorecard={scorecard} />}
      </div>
      <ul>
        {[...bad, ...good].map((rule) => (
          <RuleLine key={rule.identifier} rule={rule} {...card} />
        ))}
      </ul>
    </section>
  );
}

function missing(next: EntityScorecard['next'], rules: RuleResult[]): string {
  if (!next) return 'The highest level.';
  const titles = next.rules.map((id) => rules.find(({ identifier }) => identifier === id)?.title ?? id);
  return `To reach ${next.level}: ${titles.join(', ')}.`;
}

interface RuleLineProps extends Pick<ScorecardCardProps, 'blueprint' | 'entity' | 'scorecard' | 'tools'> {
  rule: RuleResult;
}

function RuleLine({ rule, blueprint, entity, scorecard, tools }: RuleLineProps) {
  const { title, description, level, status, since, conditions, fix, exemption } = rule;
  const holds = status === 'passed' || status === 'notApplicable';
  return (
    <li className={classes.rule} data-rule={rule.identifier}>
      <StatusMark status={status} />
      <div className={classes.ruleBody}>
        <div className={classes.ruleHead}>
          <span className={classes.ruleTitle}>{title}</span>
          <LevelBadge level={level} of={scorecard.levels} />
          {since && (
            <Dim>
              since <Time iso={since} />
            </Dim>
          )}
        </div>
        {description && <Dim>{description}</Dim>}
        {exemption && (
          <div>
            {exemption.reason}
            {exemption.until && (
              <Dim>
                {' '}
                – ends <Time iso={exemption.until} />
              </Dim>
            )}
          </div>
        )}
        {!holds && conditions.map((condition, i) => <ConditionLine key={i} condition={condition} />)}
        {!holds && fix && <FixLine fix={fix} blueprint={blueprint} entity={entity} rule={title} />}
        {!holds && tools?.(rule)}
      </div>
    </li>
  );
}

const marks = {
  true: { icon: IconCheck, color: 'var(--sd-ok)', words: 'holds' },
  false: { icon: IconX, color: 'var(--sd-bad)', words: 'does not hold' },
  null: { icon: IconQuestionMark, color: 'var(--sd-warn)', words: 'cannot be told' },
};

/** A condition, the value that it found, and who said that. */
function ConditionLine({ condition: { text, value, holds, problem, source, at } }: { condition: Condition }) {
  const { icon: Shape, color, words } = marks[`${holds}`];
  return (
    <div className={classes.condition}>
      <Shape size={14} stroke={2} style={{ color }} role="img" aria-label={words} />
      <div className={classes.conditionBody}>
        <Mono wrap>{text}</Mono>{' '}
        {value === undefined || value === null ? (
          <Dim>no value</Dim>
        ) : value === '' || (Array.isArray(value) && value.length === 0) ? (
          <Dim>is empty</Dim>
        ) : (
          <>
            <Dim>is</Dim>{' '}
            <span className={classes.value} title={asText(value)}>
              <Mono wrap>{shorten(typeof value === 'string' ? value : JSON.stringify(value), 160)}</Mono>
            </span>
          </>
        )}
        {problem && <div className={classes.conditionProblem}>{problem}</div>}
        {(source || at) && (
          <Dim>
            {' '}
            {source && <>from {source}</>} {at && <Time iso={at} />}
          </Dim>
        )}
      </div>
    </div>
  );
}
