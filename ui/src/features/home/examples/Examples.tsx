import { Button, Loader } from '@mantine/core';
import { IconCircle, IconCircleCheck } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { Confirm } from '~/kit/Confirm';
import { Explained } from '~/kit/Explained';
import { ProblemLine } from '~/kit/Problem';
import { useModel } from '~/parts/model';
import { useWhyNot } from '~/parts/session';
import classes from '../home.module.css';
import { installing, removing } from './install';
import { pageIdentifier, useExamples } from './useExamples';

/** Adds something of everything to try the portal with, and takes it away again. */
export function Examples() {
  const { blueprints } = useModel();
  const queries = useQueryClient();
  const { examples: there } = useExamples();
  const why = useWhyNot('CreateAction') ?? useWhyNot('CreatePage') ?? undefined;
  const [at, setAt] = useState<{ titles: string[]; done: number }>();
  const work = async (steps: ReturnType<typeof installing>) => {
    const titles = steps.map(({ title }) => title);
    for (const [done, { title, run }] of steps.entries()) {
      setAt({ titles, done });
      await run().catch((error: unknown) => {
        throw new Error(`${title}: ${error instanceof Error ? error.message : String(error)}`);
      });
    }
    setAt({ titles, done: titles.length });
    await queries.invalidateQueries();
  };
  const countOf = (of: string) => blueprints.find(({ identifier }) => identifier === of)?.count ?? 0;
  const navigate = useNavigate();
  const change = useMutation({
    mutationFn: () => work(installing(queries, { components: countOf('component'), templates: countOf('template') })),
    onSuccess: () => void navigate({ to: '/pages/$page', params: { page: pageIdentifier }, search: {} }),
  });
  return (
    <>
      <p>
        Actions, an automation, scorecards and a dashboard over the components of the catalog, and a template where there is none. Nothing outside is called, and all of it can be taken away again.
      </p>
      {at && change.isPending && <Steps {...at} />}
      {change.error && <ProblemLine level="error" message={change.error.message} />}
      <div className={classes.exampleButtons}>
        {there ? (
          <>
            <Button component={Link} to="/pages/$page" params={{ page: pageIdentifier } as never}>
              Open the dashboard
            </Button>
            <Button component={Link} to="/self-service" variant="default">
              See what can be run
            </Button>
            <Confirm label="Remove the examples…" title="Remove the examples?" confirm="Remove them" run={() => work(removing(queries))} why={why}>
              Their actions, scorecards, properties, dashboard and example entities go. What has been run stays in the list of runs.
            </Confirm>
          </>
        ) : (
          <Explained why={why}>
            <Button loading={change.isPending} onClick={() => change.mutate()}>
              Add the examples
            </Button>
          </Explained>
        )}
      </div>
    </>
  );
}

function Steps({ titles, done }: { titles: string[]; done: number }) {
  return (
    <ul className={classes.exampleSteps} aria-label="Being added" aria-live="polite">
      {titles.map((title, i) => (
        <li key={title} className="sd-dim">
          {i < done ? <IconCircleCheck size={15} color="var(--sd-ok)" aria-label="done" /> : i === done ? <Loader size={13} aria-label="under way" /> : <IconCircle size={15} stroke={1.4} aria-hidden />} {title}
        </li>
      ))}
    </ul>
  );
}
