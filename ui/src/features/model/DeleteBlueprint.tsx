import { Button, Checkbox, Modal, Progress } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { cancelMigration, deleteAllEntities, deleteBlueprint, hasEnded, migrationQuery, previewQuery } from '~/api/blueprints';
import { Form } from '~/kit/Form';
import { Waiting } from '~/kit/Page';
import { ProblemLine } from '~/kit/Problem';
import { count, formatNumber } from '~/lib/text';
import { useWhyNot } from '~/parts/session';
import { useChange } from '~/parts/useChange';
import classes from './editor/editor.module.css';
import { Breaks } from './editor/Effect';

interface DeleteBlueprintProps {
  blueprint: string;
  title: string;
  /** It is gone, or what could be is. */
  onDone: () => void;
  onCancel: () => void;
}

/** Deletes a blueprint, with its entities where that is wanted; shows first what depends on it. */
export function DeleteBlueprint({ blueprint, title, onDone, onCancel }: DeleteBlueprintProps) {
  const [migration, setMigration] = useState<{ id: string; entities: number }>();
  return (
    <Modal opened onClose={migration ? onDone : onCancel} title={`Delete the blueprint ${title}?`} size="lg">
      {migration ? (
        <Progressing migration={migration.id} entities={migration.entities} onDone={onDone} />
      ) : (
        <Asking blueprint={blueprint} onCancel={onCancel} onDone={onDone} onBegun={(id, entities) => setMigration({ id, entities })} />
      )}
    </Modal>
  );
}

interface AskingProps {
  blueprint: string;
  onCancel: () => void;
  onDone: () => void;
  onBegun: (migration: string, entities: number) => void;
}

function Asking({ blueprint, onCancel, onDone, onBegun }: AskingProps) {
  const [withEntities, setWithEntities] = useState(false);
  const notAllowed = useWhyNot('DeleteBlueprint');
  const alone = useChange(() => deleteBlueprint(blueprint), onDone);
  const together = useChange(
    () => deleteAllEntities(blueprint, true),
    (migration) => onBegun(migration, entities),
  );
  // of what is going nobody asks any more
  const open = notAllowed === undefined && [alone, together].every(({ isIdle, isError }) => isIdle || isError);
  const { data, error: failed } = useQuery({ ...previewQuery(blueprint, undefined, undefined), enabled: open });
  const held = data?.breaks.filter(({ kind, of }) => kind === 'relation' && of !== blueprint).length ?? 0;
  const entities = data?.entities ?? 0;
  const why = notAllowed ?? data?.problems[0]?.message ?? (held > 0 ? 'Relations of other blueprints lead to it: remove them first.' : undefined);
  return (
    <Form
      onSubmit={() => (why !== undefined ? undefined : entities > 0 ? together.mutate(undefined) : alone.mutate(undefined))}
      error={failed ?? alone.error ?? together.error}
      buttons={
        <>
          <Button variant="default" onClick={onCancel} data-autofocus>
            Cancel
          </Button>
          <Button type="submit" color="red" loading={alone.isPending || together.isPending} disabled={!data || why !== undefined || (entities > 0 && !withEntities)}>
            Delete
          </Button>
        </>
      }
    >
      {!data && !failed && why === undefined && <Waiting lines={3} />}
      {why && <ProblemLine level="error" message={why} />}
      {data && <Breaks breaks={data.breaks} />}
      {data && why === undefined && entities > 0 && (
        <Checkbox
          label={`Delete its ${count(entities, 'entity', 'entities')} with it`}
          description={data.invalid.examples.map(({ title, identifier }) => title ?? identifier).join(', ')}
          checked={withEntities}
          onChange={(event) => setWithEntities(event.currentTarget.checked)}
        />
      )}
      {data && why === undefined && entities === 0 && <p>It has no entity{data.breaks.length === 0 && ', and nothing depends on it'}.</p>}
    </Form>
  );
}

interface ProgressingProps {
  migration: string;
  entities: number;
  onDone: () => void;
}

/** How far the deletion of all entities is. It goes on when the window closes. */
function Progressing({ migration, entities, onDone }: ProgressingProps) {
  const { data, error } = useQuery(migrationQuery(migration));
  const cancel = useChange(() => cancelMigration(migration));
  const finish = useChange(() => Promise.resolve(), onDone);
  const over = hasEnded(data);
  const done = data?.successCount ?? 0;
  const failures = data?.failureCount ?? 0;
  return (
    <div className={classes.progress} aria-live="polite">
      <Progress value={over ? 100 : entities === 0 ? 0 : (100 * (done + failures)) / entities} aria-label="Entities deleted" />
      <p>
        {formatNumber(done)} of {formatNumber(entities)} deleted{failures > 0 && `, ${formatNumber(failures)} could not be`}. {over && words[data?.status ?? '']}
      </p>
      {error && <ProblemLine level="error" message={error.message} />}
      {cancel.error && <ProblemLine level="error" message={cancel.error.message} />}
      <div className={classes.modalButtons}>
        {over ? (
          <Button onClick={() => finish.mutate(undefined)}>Close</Button>
        ) : (
          <Button variant="default" onClick={() => cancel.mutate(undefined)}>
            Stop
          </Button>
        )}
      </div>
    </div>
  );
}

const words: Record<string, string> = {
  COMPLETED: 'Done.',
  FAILURE: 'Not all could be deleted; the blueprint stays.',
  CANCELLED: 'Stopped; the blueprint stays.',
};
