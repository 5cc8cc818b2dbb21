import { SegmentedControl, Select } from '@mantine/core';
import { IconArrowRight } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { scorecardHistoryQuery, type CheckStatus, type Move, type Scorecard } from '~/api/scorecards';
import { Lines } from '~/kit/charts/Lines';
import { Section, Waiting } from '~/kit/Page';
import { ProblemLine } from '~/kit/Problem';
import { Time } from '~/kit/Time';
import { count } from '~/lib/text';
import { EntityLink } from '~/parts/EntityLink';
import { LevelBadge } from '~/parts/scorecards/Level';
import { StatusMark, statusLooks } from '~/parts/scorecards/Status';
import type { PartProps } from './AtAGlance';
import classes from './scorecards.module.css';
import { seriesOf } from './series';

const week = 7 * 86_400_000;

/** How it was, and what moved. */
export function Trend({ scorecard, search, onSearch }: PartProps) {
  const { blueprint, identifier, levels, rules } = scorecard;
  const days = search.days ?? 30;
  const { data, error, isPlaceholderData } = useQuery(scorecardHistoryQuery({ blueprint, scorecard: identifier }, days));
  const rule = rules.find((one) => one.identifier === search.of);
  const moved = (data?.moved ?? []).filter((move) => (rule ? move.rule === rule.identifier : true) && Date.now() - Date.parse(move.at) < week);
  const series = data ? seriesOf(data.points, levels, rule?.identifier, (status) => statusLooks[status].words) : [];
  return (
    <>
      <Section
        title={rule ? `Trend of “${rule.title}”` : 'Trend of the levels'}
        aside={
          data?.since && (
            <>
              recorded since <Time iso={data.since} />
            </>
          )
        }
      >
        <div className={classes.tools}>
          <SegmentedControl size="xs" aria-label="Time" value={String(days)} onChange={(next) => onSearch({ days: next === '30' ? undefined : Number(next) })} data={[{ value: '7', label: '7 days' }, { value: '30', label: '30 days' }, { value: '90', label: '90 days' }, { value: '365', label: 'A year' }]} />
          <Select aria-label="Of" placeholder="Levels" clearable searchable w={240} data={rules.map((one) => ({ value: one.identifier, label: one.title }))} value={search.of ?? null} onChange={(of) => onSearch({ of: of ?? undefined })} />
        </div>
        {error && <ProblemLine level="error" message={error.message} />}
        {!data && !error && <Waiting />}
        {data && data.points.length === 0 && <p className="sd-dim">Nothing has been recorded yet. There is a point for each day from now on.</p>}
        {data && data.points.length > 0 && (
          <div className={classes.chart} aria-busy={isPlaceholderData || undefined}>
            <Lines label="the trend" dates={data.points.map(({ date }) => date)} series={series} yTitle="entities" />
          </div>
        )}
      </Section>
      {data && (
        <Section title="Moved this week" aside={moved.length > 0 ? count(moved.length, 'move') : undefined}>
          {moved.length === 0 && <p className={`${classes.tools} sd-dim`}>Nothing.</p>}
          <ul className={classes.moves} aria-label="Moved this week">
            {moved.map((move, i) => (
              <MoveLine key={i} move={move} scorecard={scorecard} />
            ))}
          </ul>
        </Section>
      )}
    </>
  );
}

function MoveLine({ move: { entity, rule, from, to, at }, scorecard }: { move: Move; scorecard: Scorecard }) {
  const of = scorecard.rules.find(({ identifier }) => identifier === rule);
  const shown = (value: string | null) => (value === null ? <span className="sd-dim">not applicable</span> : rule ? <StatusMark status={value as CheckStatus} /> : <LevelBadge level={value} of={scorecard.levels} />);
  return (
    <li className={classes.move}>
      <EntityLink link={{ blueprint: scorecard.blueprint, ...entity, ref: entity.identifier, exists: true }} />
      <span className={classes.change}>
        {rule && <span>{of?.title ?? rule}:</span>}
        {shown(from)}
        <IconArrowRight size={13} role="img" aria-label="to" />
        {shown(to)}
      </span>
      <span className="sd-dim">
        <Time iso={at} />
      </span>
    </li>
  );
}
