import { Link } from '@tanstack/react-router';
import type { RunRow } from '~/api/runs';
import { EntityLink } from '~/parts/EntityLink';
import classes from './runs.module.css';

export const titleOfRun = ({ of }: Pick<RunRow, 'of'>) => of.title || of.identifier;

/** A run may wait for the same person in two places. */
export const keyOfRun = ({ id, waits }: Pick<RunRow, 'id' | 'waits'>) => (waits?.kind === 'input' ? `${id}:${waits.node}` : id);

/** A run by what it is an execution of. */
export function RunLink({ run }: { run: RunRow }) {
  return (
    <Link to="/runs/$id" params={{ id: run.id }} className={classes.link}>
      {titleOfRun(run)}
    </Link>
  );
}

/** The entity that a run is about. */
export function RunTarget({ run: { target }, inline = false }: { run: Pick<RunRow, 'target'>; inline?: boolean }) {
  if (!target?.entity) return null;
  return <EntityLink inline={inline} link={{ blueprint: target.blueprint, identifier: target.entity, title: target.title ?? target.entity, ref: target.entity, exists: true }} />;
}

/** Who set it going, in short. */
export function starterOf({ starter }: Pick<RunRow, 'starter'>): string {
  const who = starter.email ?? starter.actor;
  if (starter.origin === 'AUTOMATION') return 'an event';
  return starter.impersonatedBy ? `${who} (through ${starter.impersonatedBy})` : who;
}
