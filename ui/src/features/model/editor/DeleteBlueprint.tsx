import { Button, Checkbox, Modal, Progress } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { cancelMigration, deleteAllEntities, deleteBlueprint, hasEnded, migrationQuery, previewQuery } from '~/api/blueprints';
import { Explained } from '~/kit/Explained';
import { Form } from '~/kit/Form';
import { Waiting } from '~/kit/Page';
import { ProblemLine } from '~/kit/Problem';
import { count, formatNumber } from '~/lib/text';
import { useWhyNot } from '~/parts/session';
import { useChange } from '~/parts/useChange';
import classes from './editor.module.css';
import { Breaks } from './Effect';

/** Deletes the blueprint, with its entities where that is wanted; shows first what depends on it. */
export function DeleteBlueprint({ blueprint, title }: { blueprint: string; title: string }) {
  const [opened, setOpened] = useState(false);
  const why = useWhyNot('DeleteBlueprint');
  return (
    <>
      <Explained why={why}>
        <Button variant="default" onClick={() => setOpened(true)}>
          Delete…
        </Button>
      </Explained>
      <Modal opened={opened} onClose={() => setOpened(false)} title={`Delete the blueprint ${title}?`} size="lg">
        {opened && <Asking blueprint={blueprint} onClose={() => setOpened(false)} />}
      </Modal>
    </>
  );
}

function Asking({ blueprint, onClose }: { blueprint: string; onClose: () => void }) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [withEntities, setWithEntities] = useState(false);
  const [migration, setMigration] = useState<string>();
  const { data, error: failed } = useQuery(previewQuery(blueprint, undefined, undefined));
  const gone = () => {
    queries.removeQueries({ queryKey: ['blueprint', blueprint] });
    void navigate({ to: '/model' });
  };
  const alone = useChange(() => deleteBlueprint(blueprint), gone);
  const together = useChange(() => deleteAllEntities(blueprint, true), setMigration);
  if (migration !== undefined) return <Progressing migration={migration} entities={data?.entities ?? 0} onDone={gone} onClose={onClose} />;
  const shut = data?.problems[0]?.message;
  const held = data?.breaks.filter(({ kind, of }) => kind === 'relation' && of !== blueprint).length ?? 0;
  const entities = data?.entities ?? 0;
  const why = shut ?? (held > 0 ? 'Relations of other blueprints lead to it: remove them first.' : undefined);
  return (
    <Form
      onSubmit={() => (why !== undefined ? undefined : entities > 0 ? together.mutate(undefined) : alone.mutate(undefined))}
      error={failed ?? alone.error ?? together.error}
      buttons={
        <>
          <Button variant="default" onClick={onClose} data-autofocus>
            Cancel
          </Button>
          <Button type="submit" color="red" loading={alone.isPending || together.isPending} disabled={!data || why !== undefined || (entities > 0 && !withEntities)}>
            Delete
          </Button>
        </>
      }
    >
      {!data && !failed && <Waiting lines={3} />}
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
  onClose: () => void;
}

/** How far the deletion of all entities is. It goes on when the window closes. */
function Progressing({ migration, entities, onDone, onClose }: ProgressingProps) {
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
          <Button onClick={() => (data?.status === 'COMPLETED' && failures === 0 ? finish.mutate(undefined) : onClose())}>Close</Button>
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
