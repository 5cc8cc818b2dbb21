import { Button, Modal, Progress } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { bringBack, newestRemoval, removeMany, type Outcome } from '~/api/bulk';
import { tablePageQuery } from '~/api/tables';
import type { Row } from '~/api/types';
import { ProblemLine } from '~/kit/Problem';
import { count } from '~/lib/text';
import { Failures } from './Failures';

interface BulkDeleteProps {
  rows: Row[];
  onClose: () => void;
  onDone: () => void;
}

/** Deletes the chosen entities: says before what leads to them, while how far it is, and after what stayed. */
export function BulkDelete({ rows, onClose, onDone }: BulkDeleteProps) {
  const queries = useQueryClient();
  const [state, setState] = useState<{ through?: number; outcome?: Outcome; since?: number; error?: string; back?: number }>({});
  const { through, outcome, since, error, back } = state;
  const renew = () => queries.invalidateQueries();
  const run = async () => {
    setState({ through: 0 });
    try {
      const before = await newestRemoval();
      const result = await removeMany(rows, (n) => setState({ through: n }));
      setState({ outcome: result, since: before });
    } catch (cause) {
      setState({ error: (cause as Error).message });
    }
    await renew();
  };
  const takeBack = async () => {
    if (!outcome || since === undefined) return;
    try {
      const n = await bringBack(since, outcome.done);
      setState({ ...state, back: n });
    } catch (cause) {
      setState({ ...state, error: (cause as Error).message });
    }
    await renew();
  };
  const close = () => {
    if (outcome) onDone();
    onClose();
  };
  return (
    <Modal opened onClose={close} title={`Delete ${count(rows.length, 'entity', 'entities')}`}>
      {outcome ? (
        <>
          <p role="status">
            {count(outcome.done.length, 'entity is', 'entities are')} deleted{back !== undefined ? `, ${back} of them brought back` : ''}.
          </p>
          <Failures failed={outcome.failed} />
        </>
      ) : (
        <>
          <Before rows={rows} />
          {through !== undefined && <Progress value={(through / rows.length) * 100} mt={12} aria-label="Progress" />}
        </>
      )}
      {error && <ProblemLine level="error" message={error} />}
      <Buttons>
        {outcome && outcome.done.length > 0 && back === undefined && (
          <Button variant="default" onClick={() => void takeBack()}>
            Undo
          </Button>
        )}
        <Button variant="default" onClick={close} data-autofocus>
          {outcome ? 'Close' : 'Cancel'}
        </Button>
        {!outcome && (
          <Button color="red" loading={through !== undefined} onClick={() => void run()}>
            Delete {rows.length}
          </Button>
        )}
      </Buttons>
    </Modal>
  );
}

const Buttons = ({ children }: { children: React.ReactNode }) => <div style={{ display: 'flex', gap: 8, justifyContent: 'flex-end', marginTop: 16 }}>{children}</div>;

/** What leads to the entities that are about to go. */
function Before({ rows }: { rows: Row[] }) {
  const blueprints = [...new Set(rows.map((row) => row.blueprint))];
  const few = rows.length <= 200 && blueprints.length === 1;
  const rules = { combinator: 'and', rules: [{ operator: 'relatedTo', blueprint: blueprints[0], direction: 'downstream', value: rows.map((row) => row.identifier) }] };
  const { data } = useQuery({ ...tablePageQuery({ query: rules, limit: 0 }), enabled: few });
  return (
    <>
      <p>
        {rows.length === 1 ? `“${rows[0]?.title}” goes` : `They go`} for everybody, with {rows.length === 1 ? 'its' : 'their'} values. What a source states stays, and so does what another entity requires. It can be
        undone.
      </p>
      {data && data.total > 0 && <ProblemLine level="warning" message={`${count(data.total, 'entity depends', 'entities depend')} on ${rows.length === 1 ? 'it' : 'them'}, directly or not: such relations become empty.`} />}
    </>
  );
}
