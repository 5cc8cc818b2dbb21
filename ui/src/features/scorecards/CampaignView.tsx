import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { deleteCampaign, putCampaign, remind, type Campaign } from '~/api/standards';
import { Confirm } from '~/kit/Confirm';
import { DataTable, type DataColumn } from '~/kit/DataTable';
import { Explained } from '~/kit/Explained';
import { Section } from '~/kit/Page';
import { ProblemLine } from '~/kit/Problem';
import { Time } from '~/kit/Time';
import { count, formatNumber } from '~/lib/text';
import { Markdown } from '~/parts/Markdown';
import { percent } from '~/parts/scorecards/counts';
import { useChange } from '~/parts/useChange';
import { Frame } from './Frame';
import { noGroup } from './list';
import classes from './scorecards.module.css';
import { whyNot } from './why';

/** "level Gold of production", "rule hasOnCall of production". */
export const goalWords = ({ goal: { scorecard, rule, level } }: Pick<Campaign, 'goal'>) => `${rule ? `rule ${rule}` : level ? `level ${level}` : 'every rule'} of ${scorecard}`;

export function Deadline({ campaign: { deadline, progress } }: { campaign: Campaign }) {
  const late = Date.parse(deadline) < Date.now() && progress.done < progress.total;
  return (
    <span className={late ? classes.late : undefined}>
      {late ? 'was due ' : 'due '}
      <Time iso={deadline} />
    </span>
  );
}

export function Progress({ done, total, label }: { done: number; total: number; label: string }) {
  const share = total === 0 ? null : done / total;
  return (
    <div className={classes.progress}>
      <div className={classes.progressBar} role="progressbar" aria-label={`Progress of ${label}`} aria-valuemin={0} aria-valuemax={total} aria-valuenow={done}>
        <span style={{ width: `${(share ?? 0) * 100}%` }} />
      </div>
      <span>
        {formatNumber(done)} of {formatNumber(total)} ({percent(share)})
      </span>
    </div>
  );
}

interface CampaignViewProps {
  campaign: Campaign;
  onEdit: () => void;
  onGone: () => void;
}

type Team = Campaign['progress']['teams'][number];

/** One campaign: how far it is, by team. */
export function CampaignView({ campaign, onEdit, onGone }: CampaignViewProps) {
  const { id, title, description, owner, goal, state, progress, startedWith, problem, reminded, mayChange } = campaign;
  const [told, setTold] = useState<string>();
  const send = useChange(() => remind(id), (answer) => setTold(answer?.reminded === undefined ? 'Reminded.' : answer.reminded === 0 ? 'Nobody is left to remind.' : `Reminded ${count(answer.reminded, 'person', 'people')}.`));
  const archive = useChange(() => putCampaign(id, { title, description, owner, deadline: campaign.deadline, goal, state: state === 'active' ? 'archived' : 'active' }));
  const why = whyNot(mayChange);
  const error = send.error ?? archive.error;
  const list = { list: true as const, ...(goal.rule ? { rule: goal.rule } : {}) };
  const params = { blueprint: goal.blueprint, scorecard: goal.scorecard };
  const columns: DataColumn<Team>[] = [
    {
      id: 'team',
      header: 'Team',
      cell: ({ team, title: name }) => (
        <Link to="/scorecards/$blueprint/$scorecard" params={params} search={{ ...list, by: '$team', group: team ?? noGroup }} className={classes.link}>
          {name || team || <span className="sd-dim">No team</span>}
        </Link>
      ),
    },
    { id: 'progress', header: 'Progress', cell: (team) => <Progress done={team.done} total={team.total} label={team.team ?? 'no team'} /> },
    { id: 'left', header: 'Left', align: 'right', cell: (team) => formatNumber(team.total - team.done) },
  ];
  return (
    <Frame
      title={title}
      subtitle={
        <>
          <Link to="/scorecards/$blueprint/$scorecard" params={params}>
            {goalWords(campaign)}
          </Link>
          {goal.filter && ` for ${goal.filter}`} · {owner} · {state === 'archived' ? 'archived' : <Deadline campaign={campaign} />}
        </>
      }
      actions={
        <>
          <Confirm label="Delete…" title={`Delete “${title}”?`} confirm="Delete it" run={() => deleteCampaign(id).then(onGone)} why={why}>
            What was reached stays reached.
          </Confirm>
          <Explained why={why}>
            <Button variant="default" loading={archive.isPending} onClick={() => archive.mutate(undefined)}>
              {state === 'active' ? 'Archive' : 'Take up again'}
            </Button>
          </Explained>
          <Explained why={why}>
            <Button variant="default" onClick={onEdit}>
              Edit…
            </Button>
          </Explained>
          {state === 'active' && (
            <Explained why={why}>
              <Button loading={send.isPending} onClick={() => send.mutate(undefined)}>
                Remind
              </Button>
            </Explained>
          )}
        </>
      }
    >
      <div role="status">{told}</div>
      {error && <ProblemLine level="error" message={error.message} />}
      {problem && <ProblemLine level="warning" message={problem} />}
      {description && <Markdown source={description} />}
      <div className={classes.tools}>
        <Progress done={progress.done} total={progress.total} label={title} />
        <span className="sd-dim">
          {startedWith && `${formatNumber(startedWith.done)} of ${formatNumber(startedWith.total)} when it began`}
          {reminded && (
            <>
              {startedWith && '; '}reminded <Time iso={reminded.at} />
            </>
          )}
          {progress.exempt > 0 && `${startedWith || reminded ? '; ' : ''}${formatNumber(progress.exempt)} exempt`}
        </span>
      </div>
      <Section title="By team">
        <DataTable natural label="Progress by team" columns={columns} rows={progress.teams} rowId={({ team }) => team ?? noGroup} />
      </Section>
    </Frame>
  );
}
