import { Button, Menu } from '@mantine/core';
import { IconDots } from '@tabler/icons-react';
import { useSuspenseQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { cancelRun, hasEnded, rerun, retryRun, runQuery, type Run } from '~/api/runs';
import { Confirm } from '~/kit/Confirm';
import { Explained } from '~/kit/Explained';
import { Page, Section } from '~/kit/Page';
import { ProblemLine } from '~/kit/Problem';
import { Time } from '~/kit/Time';
import { between } from '~/lib/duration';
import { BlueprintIcon } from '~/parts/BlueprintIcon';
import { ExternalLink } from '~/parts/ExternalLink';
import { Markdown } from '~/parts/Markdown';
import { useDocumentTitle } from '~/parts/model';
import { RunTarget, starterOf, titleOfRun } from '~/parts/runs/RunLink';
import { RunState } from '~/parts/runs/RunState';
import { useChange } from '~/parts/useChange';
import { ApprovalBlock } from './ApprovalBlock';
import { InputBlock } from './InputBlock';
import { Inputs } from './Inputs';
import { Log } from './Log';
import { Output } from './Output';
import classes from './runs.module.css';
import { Steps } from './Steps';
import { Unclear } from './Unclear';
import { useRunLive } from './useRunLive';
import { whyNot } from './why';

const route = getRouteApi('/_in/runs/$id');

/** Everything about one run, as it happens. */
export function RunPage() {
  const { id } = route.useParams();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { data: run } = useSuspenseQuery(runQuery(id));
  const live = useRunLive(id);
  const documentTitle = useDocumentTitle(titleOfRun(run), 'Run');
  const unclear = run.steps.filter(({ state }) => state.state === 'unclear');
  const select = (step: string | undefined) => void navigate({ search: (old) => ({ ...old, step }), replace: true });
  return (
    <Page
      documentTitle={documentTitle}
      title={titleOfRun(run)}
      icon={<BlueprintIcon blueprint={run.of.kind === 'template' ? 'template' : (run.of.icon ?? 'action')} icon={run.of.icon} size={19} />}
      subtitle={<Facts run={run} />}
      actions={run.provisional ? undefined : <Actions run={run} />}
    >
      {run.error && <ProblemLine level="error" message={run.error} />}
      {run.attention && unclear.length === 0 && <ProblemLine level="warning" message={run.attention} />}
      {unclear.map((step) => (
        <Unclear key={step.id} run={run} step={step} />
      ))}
      {(run.waiting ?? []).map((asked) => (
        <InputBlock key={asked.node} run={run} asked={asked} />
      ))}
      {run.approval && <ApprovalBlock run={run} approval={run.approval} />}
      <div className={classes.columns}>
        <div className={classes.main}>
          {run.report.summary && (
            <div className={classes.summary}>
              <Markdown source={run.report.summary} />
            </div>
          )}
          <Output output={run.output} />
          <Steps run={run} selected={search.step} onSelect={select} />
          <Log run={run} live={live} search={search} onSearch={(patch) => void navigate({ search: (old) => ({ ...old, ...patch }), replace: true })} />
        </div>
        <div className={classes.side}>
          <Links run={run} />
          {!run.provisional && <Inputs run={run} />}
        </div>
      </div>
    </Page>
  );
}

function Facts({ run }: { run: Run }) {
  return (
    <div className={classes.facts}>
      <RunState run={run} />
      {run.target?.entity && (
        <span>
          for <RunTarget run={run} inline />
        </span>
      )}
      <span className="sd-dim">
        started <Time iso={run.createdAt} /> by {starterOf(run)}
      </span>
      {run.endedAt && <span className="sd-dim">took {between(run.createdAt, run.endedAt)}</span>}
      {run.rerunOf && (
        <Link to="/runs/$id" params={{ id: run.rerunOf }} className={classes.inlineLink}>
          repeats an earlier run
        </Link>
      )}
    </div>
  );
}

function Actions({ run }: { run: Run }) {
  const navigate = route.useNavigate();
  const again = useChange(() => rerun(run.id), ({ id }) => void navigate({ to: '/runs/$id', params: { id }, search: {} }));
  const retry = useChange(() => retryRun(run.id));
  const ended = hasEnded(run.status);
  const repeatable = run.of.kind === 'action' || run.of.kind === 'template';
  const why = whyNot(run.may.rerun);
  return (
    <>
      {(again.error ?? retry.error) && <span className={classes.bad}>{(again.error ?? retry.error)?.message}</span>}
      {!ended && (
        <Confirm label="Cancel" title="Cancel this run?" confirm="Cancel the run" run={() => cancelRun(run.id)} why={whyNot(run.may.cancel)}>
          What has been done stays done. What runs outside is told to stop, as far as it listens.
        </Confirm>
      )}
      {ended && run.may.retry === true && run.steps.some(({ state }) => state.state === 'done') && (
        <Button variant="default" loading={retry.isPending} onClick={() => retry.mutate(undefined)} title="What was done stays done">
          Go on where it stopped
        </Button>
      )}
      {ended && repeatable && (
        <Explained why={why}>
          <Button variant="default" loading={again.isPending} onClick={() => again.mutate(undefined)}>
            Run again
          </Button>
        </Explained>
      )}
      {repeatable && why === undefined && (
        <Menu position="bottom-end" width={230}>
          <Menu.Target>
            <Button variant="default" px={8} aria-label="More actions">
              <IconDots size={16} aria-hidden />
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item
              onClick={() =>
                void navigate({ to: '/self-service/$kind/$id', params: { kind: run.of.kind, id: run.of.identifier }, search: { entity: run.target?.entity, blueprint: run.target?.entity ? run.target.blueprint : undefined, properties: JSON.stringify(run.inputs) } })
              }
            >
              Run with other inputs…
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      )}
    </>
  );
}

function Links({ run }: { run: Run }) {
  const links = run.report.link ?? [];
  if (links.length === 0) return null;
  return (
    <Section title="Links">
      <ul className={classes.links}>
        {links.map((url) => (
          <li key={url}>
            <ExternalLink url={url} />
          </li>
        ))}
      </ul>
    </Section>
  );
}
