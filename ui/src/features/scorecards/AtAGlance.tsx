import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useMemo, type ReactNode } from 'react';
import type { CheckStatus, Scorecard, ScorecardRule } from '~/api/scorecards';
import { DataTable, type DataColumn } from '~/kit/DataTable';
import { Hidden } from '~/kit/Mono';
import { Section } from '~/kit/Page';
import { save } from '~/lib/save';
import { formatNumber } from '~/lib/text';
import { passShare, percent, statuses } from '~/parts/scorecards/counts';
import { CountsBar } from '~/parts/scorecards/CountsBar';
import { LevelBadge, LevelBar } from '~/parts/scorecards/Level';
import { StatusIcon, statusLooks } from '~/parts/scorecards/Status';
import { rulesCsv } from './csv';
import { HeatSection } from './HeatSection';
import classes from './scorecards.module.css';
import type { ListSearch, ScorecardSearch } from './search';

export interface PartProps {
  scorecard: Scorecard;
  search: ScorecardSearch;
  onSearch: (patch: ScorecardSearch, replace?: boolean) => void;
}

/** Leads to the list behind a number, over the page. */
export function ListLink({ of, className = classes.number, label, children }: { of: ListSearch; className?: string; label?: string; children: ReactNode }) {
  const list = { rule: undefined, status: undefined, level: undefined, group: undefined, q: undefined, list: true as const, ...of };
  return (
    <Link from="/scorecards/$blueprint/$scorecard" search={(old) => ({ ...old, ...list })} className={className} resetScroll={false} aria-label={label} title={label}>
      {children}
    </Link>
  );
}

/** Levels, rules with all their counts, and the heat map. */
export function AtAGlance(props: PartProps) {
  const { scorecard } = props;
  const { applies, notApplicable, passed, levels } = scorecard;
  return (
    <>
      <div className={classes.facts}>
        <ListLink of={{}} className={classes.fact}>
          <b>{formatNumber(applies)}</b> {applies === 1 ? 'entity' : 'entities'} judged
        </ListLink>
        <div className={classes.fact}>
          <b>{percent(applies === 0 ? null : passed / applies)}</b> keep every rule ({formatNumber(passed)})
        </div>
        <ListLink of={{ status: 'notApplicable' }} className={classes.fact}>
          <b>{formatNumber(notApplicable)}</b> not applicable
        </ListLink>
      </div>
      <Section title="Levels">
        <div style={{ paddingTop: 10 }}>
          <LevelBar levels={levels} link={(level, children) => <ListLink of={{ level: level.title }}>{children}</ListLink>} />
        </div>
      </Section>
      <Section
        title="Rules"
        aside={
          <Button variant="subtle" color="gray" size="compact-xs" onClick={() => save(`${scorecard.identifier}.csv`, rulesCsv(scorecard.rules))} aria-label="Export the rules as CSV">
            Export CSV
          </Button>
        }
      >
        <Rules scorecard={scorecard} />
      </Section>
      <HeatSection {...props} />
    </>
  );
}

function Rules({ scorecard: { rules, levels } }: { scorecard: Scorecard }) {
  const columns = useMemo((): DataColumn<ScorecardRule>[] => {
    const ofStatus = (status: CheckStatus): DataColumn<ScorecardRule> => ({
      id: status,
      header: statusLooks[status].words,
      align: 'right',
      note: <StatusIcon status={status} />,
      cell: (rule) => <Number rule={rule} status={status} />,
    });
    return [
      { id: 'rule', header: 'Rule', wide: true, cell: (rule) => <RuleCell rule={rule} /> },
      { id: 'level', header: 'Level', cell: ({ level }) => <LevelBadge level={level} of={levels} /> },
      {
        id: 'share',
        header: 'Pass',
        cell: (rule) => (
          <span className={classes.number}>
            <span className={classes.barCell}>
              <CountsBar counts={rule} />
            </span>
            {percent(passShare(rule))}
          </span>
        ),
      },
      ...statuses.map(ofStatus),
    ];
  }, [levels]);
  return <DataTable natural label="Rules" columns={columns} rows={rules} rowId={({ identifier }) => identifier} />;
}

function RuleCell({ rule: { identifier, title, description } }: { rule: ScorecardRule }) {
  return (
    <span className={classes.ruleCell}>
      <ListLink of={{ rule: identifier }} className={classes.link}>
        {title}
      </ListLink>
      {description && <span className="sd-dim">{description}</span>}
    </span>
  );
}

function Number({ rule, status }: { rule: ScorecardRule; status: CheckStatus }) {
  const n = rule[status];
  if (n === 0) return <span className="sd-dim">0</span>;
  return (
    <ListLink of={{ rule: rule.identifier, status }}>
      {formatNumber(n)}
      <Hidden>
        {' '}
        {statusLooks[status].words.toLowerCase()}: {rule.title}
      </Hidden>
    </ListLink>
  );
}
