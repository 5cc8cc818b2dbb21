import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { ApiError } from '~/api/client';
import type { WidgetJson } from '~/api/pages';
import { heatMapQuery, publishedQuery, type CheckStatus, type ScorecardRow } from '~/api/scorecards';
import { Hidden } from '~/kit/Mono';
import { formatNumber } from '~/lib/text';
import { passShare, percent } from '~/parts/scorecards/counts';
import { CountsBar, inWords } from '~/parts/scorecards/CountsBar';
import { HeatTable } from '~/parts/scorecards/HeatTable';
import { LevelBar } from '~/parts/scorecards/Level';
import { Nothing } from './Nothing';
import classes from './widgets.module.css';

interface OwnWidget {
  widget: WidgetJson;
}

interface ListOf {
  level?: string;
  rule?: string;
  status?: CheckStatus;
  by?: string;
  group?: string;
}

/** Leads to the list behind a number. */
function Behind({ scorecard, of, className, label, children }: { scorecard: Pick<ScorecardRow, 'blueprint' | 'identifier'>; of: ListOf; className?: string; label?: string; children: ReactNode }) {
  return (
    <Link to="/scorecards/$blueprint/$scorecard" params={{ blueprint: scorecard.blueprint, scorecard: scorecard.identifier }} search={{ list: true, ...of }} className={className} aria-label={label} title={label}>
      {children}
    </Link>
  );
}

/** Finds the scorecard that a widget names, for those that show one. */
function OfScorecard({ widget, children }: OwnWidget & { children: (scorecard: ScorecardRow) => ReactNode }) {
  const { data, error } = useQuery(publishedQuery);
  if (error) return <Nothing widget={widget}>{error.message}</Nothing>;
  if (!data) return null;
  const found = data.scorecards.find(({ blueprint, identifier }) => blueprint === widget.blueprint && identifier === widget.scorecard);
  if (!found) return <Nothing widget={widget}>{widget.scorecard ? `There is no scorecard “${String(widget.scorecard)}”, or it is not for you.` : 'No scorecard has been chosen yet.'}</Nothing>;
  return <>{children(found)}</>;
}

/** How entities fall into the levels of a scorecard. */
export function ScorecardLevelsWidget({ widget }: OwnWidget) {
  return (
    <OfScorecard widget={widget}>
      {(scorecard) => (
        <>
          <LevelBar
            levels={scorecard.levels}
            link={(level, children) => (
              <Behind scorecard={scorecard} of={{ level: level.title }}>
                {children}
              </Behind>
            )}
          />
          <p className={classes.more}>
            {formatNumber(scorecard.passed)} of {formatNumber(scorecard.applies)} keep every rule
          </p>
        </>
      )}
    </OfScorecard>
  );
}

/** How much of all keeps each rule. */
export function ScorecardRulesWidget({ widget }: OwnWidget) {
  return (
    <OfScorecard widget={widget}>
      {(scorecard) => (
        <ul className={classes.shares}>
          {scorecard.rules.map((rule) => (
            <li key={rule.identifier}>
              <Behind scorecard={scorecard} of={{ rule: rule.identifier, status: rule.failed > 0 ? 'failed' : undefined }} className={classes.share}>
                <span>{rule.title}</span>
                <CountsBar counts={rule} />
                <span>
                  {percent(passShare(rule))}
                  <Hidden> pass: {inWords(rule)}</Hidden>
                </span>
              </Behind>
            </li>
          ))}
        </ul>
      )}
    </OfScorecard>
  );
}

/** Teams, or other groups, by rules: all of it in one request. */
export function ScorecardHeatMapWidget({ widget }: OwnWidget) {
  const [blueprint, identifier] = [widget.blueprint, widget.scorecard].map((one) => (typeof one === 'string' ? one : ''));
  if (!blueprint || !identifier) return <Nothing widget={widget}>No scorecard has been chosen yet.</Nothing>;
  return <Heat widget={widget} scorecard={{ blueprint, identifier }} />;
}

function Heat({ widget, scorecard }: OwnWidget & { scorecard: Pick<ScorecardRow, 'blueprint' | 'identifier'> }) {
  const by = typeof widget.groupBy === 'string' && widget.groupBy !== '' ? widget.groupBy : '$team';
  const { data, error } = useQuery(heatMapQuery({ blueprint: scorecard.blueprint, scorecard: scorecard.identifier }, by));
  if (error) return <Nothing widget={widget}>{error instanceof ApiError && error.status === 404 ? `There is no scorecard “${scorecard.identifier}”, or it is not for you.` : error.message}</Nothing>;
  if (!data) return null;
  return (
    <HeatTable
      label={`${data.scorecard.title} by groups`}
      map={data}
      rules={data.scorecard.rules}
      by={by === '$team' ? 'Team' : data.by.title}
      link={(group, rule, label, children) => (
        <Behind scorecard={scorecard} of={{ by, group: group.key ?? '~', rule }} label={label}>
          {children}
        </Behind>
      )}
    />
  );
}
