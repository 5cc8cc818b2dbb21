import { Button, Switch } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { campaignsQuery, type Campaign } from '~/api/standards';
import { Empty, Waiting } from '~/kit/Page';
import { ProblemLine } from '~/kit/Problem';
import { Allowed } from '~/parts/Allowed';
import { CampaignForm } from './CampaignForm';
import { CampaignView, Deadline, goalWords, Progress } from './CampaignView';
import { Frame } from './Frame';
import classes from './scorecards.module.css';

const route = getRouteApi('/_in/scorecards/campaigns');

/** What has been promised until when, and how far it is. */
export function CampaignsPage() {
  const { id, create, edit, archived } = route.useSearch();
  const navigate = route.useNavigate();
  const { data, error } = useQuery(campaignsQuery);
  const open = data?.find((one) => one.id === id);
  const shown = (data ?? []).filter(({ state }) => archived || state === 'active');
  const over = (data ?? []).filter(({ state }) => state === 'archived').length;
  const closeForm = () => void navigate({ search: (old) => ({ ...old, create: undefined, edit: undefined }), replace: true });
  const form = (create || (edit && open)) && <CampaignForm campaign={edit ? open : undefined} onClose={closeForm} onMade={(made) => void navigate({ search: { id: made } })} />;
  if (open) {
    return (
      <>
        <CampaignView campaign={open} onEdit={() => void navigate({ search: (old) => ({ ...old, edit: true }) })} onGone={() => void navigate({ search: {} })} />
        {form}
      </>
    );
  }
  return (
    <Frame title="Campaigns" subtitle="A goal, an owner and a deadline." actions={<Allowed action="UpdateCampaigns"><Button onClick={() => void navigate({ search: (old) => ({ ...old, create: true }) })}>New campaign…</Button></Allowed>}>
      {error && <ProblemLine level="error" message={error.message} />}
      {id && data && <ProblemLine level="warning" message="There is no such campaign any more." />}
      {!data && !error && <Waiting />}
      {over > 0 && <Switch mb={8} size="xs" label={`Show ${over} archived`} checked={archived === true} onChange={(event) => void navigate({ search: { archived: event.currentTarget.checked || undefined }, replace: true })} />}
      {data && shown.length === 0 && <Empty title="No campaign is going on.">A campaign asks teams to bring what they own to a level, or to keep a rule, by a day. It counts by itself, and reminds who is left.</Empty>}
      <ul aria-label="Campaigns">
        {shown.map((campaign) => (
          <Line key={campaign.id} campaign={campaign} />
        ))}
      </ul>
      {form}
    </Frame>
  );
}

function Line({ campaign }: { campaign: Campaign }) {
  const { id, title, owner, progress, state } = campaign;
  return (
    <li className={classes.campaign}>
      <div className={classes.tools} style={{ padding: 0, alignItems: 'center' }}>
        <div style={{ flex: '1 1 300px', minWidth: 0 }}>
          <Link to="/scorecards/campaigns" search={{ id }} className={classes.link}>
            <b>{title}</b>
          </Link>
          <div className="sd-dim">
            {goalWords(campaign)} · {owner} · {state === 'archived' ? 'archived' : <Deadline campaign={campaign} />}
          </div>
        </div>
        <Progress done={progress.done} total={progress.total} label={title} />
      </div>
    </li>
  );
}
