import { Button } from '@mantine/core';
import { IconCircleCheck } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { installStarter, startersQuery, type Starter } from '~/api/standards';
import { Explained } from '~/kit/Explained';
import { Waiting } from '~/kit/Page';
import { ProblemLine } from '~/kit/Problem';
import { count } from '~/lib/text';
import { useModel } from '~/parts/model';
import { useChange } from '~/parts/useChange';
import classes from './scorecards.module.css';
import { whyNot } from './why';

/** Scorecards that come with the portal, each installed with a click. They are ordinary ones from then on. */
export function Starters() {
  const { data, error } = useQuery(startersQuery);
  const install = useChange(installStarter);
  if (error) return <ProblemLine level="error" message={error.message} />;
  if (!data) return <Waiting lines={5} />;
  return (
    <>
      {install.error && <ProblemLine level="error" message={install.error.message} />}
      <ul className={classes.starters} aria-label="Starters">
        {data.map((starter) => (
          <Line key={starter.identifier} starter={starter} busy={install.isPending && install.variables === starter.identifier} onInstall={() => install.mutate(starter.identifier)} />
        ))}
      </ul>
    </>
  );
}

function Line({ starter: { title, description, blueprint, rules, installed, fits }, busy, onInstall }: { starter: Starter; busy: boolean; onInstall: () => void }) {
  const known = useModel().blueprints.find(({ identifier }) => identifier === blueprint);
  const why = whyNot(fits);
  return (
    <li className={classes.starter}>
      <div className={classes.starterBody}>
        <span className={classes.starterTitle}>{title}</span>{' '}
        <span className="sd-dim">
          {known?.title ?? blueprint}, {count(rules, 'rule')}
        </span>
        <div>{description}</div>
        {why && !installed && <div className="sd-dim">{why}</div>}
      </div>
      {installed ? (
        <span className={classes.installed}>
          <IconCircleCheck size={15} aria-hidden /> Installed
        </span>
      ) : (
        <Explained why={why}>
          <Button variant="default" size="compact-xs" loading={busy} onClick={onInstall} aria-label={`Install: ${title}`}>
            Install
          </Button>
        </Explained>
      )}
    </li>
  );
}
