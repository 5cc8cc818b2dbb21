import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { teamOptions } from '~/api/options';
import { nextQuery } from '~/api/standards';
import { Empty, Waiting } from '~/kit/Page';
import { ProblemLine } from '~/kit/Problem';
import { count, formatNumber } from '~/lib/text';
import { SearchField } from '~/parts/form/fields/SearchField';
import { useOpenSession } from '~/parts/session';
import { NextItems } from '~/parts/scorecards/NextItems';
import { Frame } from './Frame';
import classes from './scorecards.module.css';

const route = getRouteApi('/_in/scorecards/next');

/** What a team should fix next: what brings the most comes first. */
export function NextPage() {
  const { team, scorecard } = route.useSearch();
  const navigate = route.useNavigate();
  const { viewer } = useOpenSession();
  const { data, error, isPlaceholderData } = useQuery(nextQuery(team));
  const items = data?.items ?? [];
  const scorecards = new Map(items.map(({ scorecard: one }) => [one.identifier, one.title]));
  const shown = items.filter((item) => !scorecard || item.scorecard.identifier === scorecard);
  const of = team ?? (viewer.teams.length > 0 ? viewer.teams.join(', ') : 'all teams');
  const hidden = (data?.total ?? 0) - items.length;
  return (
    <Frame title="What to fix next" subtitle={data ? `${count(data.total, 'open check')} of ${of}. What reaches a level comes first.` : undefined}>
      <div className={classes.tools}>
        <div style={{ width: 240 }}>
          <SearchField
            path="/team"
            name="team"
            schema={{ type: 'string' }}
            label="Team"
            value={team}
            onChange={(next) => void navigate({ search: (old) => ({ ...old, team: typeof next === 'string' && next !== '' ? next : undefined }), replace: true })}
            required={false}
            disabled={false}
            free
            find={teamOptions}
          />
        </div>
        {(scorecards.size > 1 || scorecard) && (
          <Select label="Scorecard" placeholder="All" clearable w={220} data={[...scorecards].map(([value, label]) => ({ value, label }))} value={scorecard ?? null} onChange={(next) => void navigate({ search: (old) => ({ ...old, scorecard: next ?? undefined }), replace: true })} />
        )}
      </div>
      {error && <ProblemLine level="error" message={error.message} />}
      {!data && !error && <Waiting />}
      {data && shown.length === 0 && (
        <Empty title={data.total === 0 ? 'Nothing is left to fix.' : 'Nothing matches.'}>{data.total === 0 && 'Every rule that can be measured is kept, or there is no scorecard yet.'}</Empty>
      )}
      <div aria-busy={isPlaceholderData || undefined}>
        <NextItems items={shown} label="What to fix next" />
      </div>
      {hidden > 0 && <p className={`${classes.tools} sd-dim`}>{formatNumber(hidden)} more hidden: they come as these are done.</p>}
    </Frame>
  );
}
