import { Button, Modal } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Removal, UndoAnswer } from '~/api/types';
import { removalsQuery, undo } from '~/api/undo';
import { quiet } from '~/kit/Confirm';
import { DataTable, type DataColumn } from '~/kit/DataTable';
import { Form } from '~/kit/Form';
import { Mono } from '~/kit/Mono';
import { Section } from '~/kit/Page';
import { ProblemLine } from '~/kit/Problem';
import { Time } from '~/kit/Time';
import { count } from '~/lib/text';
import { Allowed } from '~/parts/Allowed';
import { useChange } from '~/parts/useChange';

/** What was removed lately, to be brought back. */
export function Removals() {
  const [chosen, setChosen] = useState<Removal>();
  const { data } = useQuery(removalsQuery);
  const removals = data?.filter(({ gone }) => gone > 0) ?? [];
  if (removals.length === 0) return null;
  const columns: DataColumn<Removal>[] = [
    { id: 'what', header: 'Removed', wide: true, cell: (removal) => <What removal={removal} /> },
    { id: 'by', header: 'By', cell: ({ actor }) => <span title={actor.name}>{actor.name}</span> },
    { id: 'at', header: 'When', cell: ({ at }) => <Time iso={at} /> },
    {
      id: 'does',
      header: 'Change',
      cell: (removal) => (
        <Allowed action="UndoChanges">
          <Button variant="subtle" {...quiet} aria-label={`Bring back what was removed in ${removal.revision}`} onClick={() => setChosen(removal)}>
            Bring back…
          </Button>
        </Allowed>
      ),
    },
  ];
  return (
    <Section title="Removed lately">
      <DataTable natural label="Removed lately" columns={columns} rows={removals} rowId={({ revision }) => String(revision)} />
      <Modal opened={chosen !== undefined} onClose={() => setChosen(undefined)} title="Bring back">
        {chosen && <BringBack removal={chosen} onDone={() => setChosen(undefined)} />}
      </Modal>
    </Section>
  );
}

function What({ removal: { count: all, gone, examples } }: { removal: Removal }) {
  const names = examples.map(({ ref, blueprint, identifier }) => ref ?? `${blueprint} ${identifier}`).join(', ');
  const back = all - gone;
  return (
    <span title={names}>
      {count(all, 'entity', 'entities')}
      {back > 0 && <span className="sd-dim"> ({back} there again)</span>} <Mono>{names}</Mono>
    </span>
  );
}

/** Asks first what would happen. */
function BringBack({ removal: { revision }, onDone }: { removal: Removal; onDone: () => void }) {
  const { mutate, isIdle, isPending, error } = useChange(() => undo(revision, false), onDone);
  const preview = useQuery({ queryKey: ['undo', revision], queryFn: () => undo(revision, true), retry: false, enabled: isIdle });
  const back = preview.data ? preview.data.restored.length + preview.data.locations.length : 0;
  return (
    <Form
      onSubmit={() => mutate(undefined)}
      error={error ?? preview.error}
      buttons={
        <>
          <Button variant="default" onClick={onDone}>
            Cancel
          </Button>
          <Button type="submit" loading={isPending || preview.isPending} disabled={back === 0}>
            Bring back
          </Button>
        </>
      }
    >
      {preview.data && <Preview answer={preview.data} />}
    </Form>
  );
}

function Preview({ answer: { restored, locations, refused } }: { answer: UndoAnswer }) {
  const claimed = restored.filter(({ source }) => source).length;
  return (
    <>
      <p>
        {count(restored.length, 'entity', 'entities')} will be there again as they were
        {locations.length > 0 && `, and ${count(locations.length, 'registered address', 'registered addresses')}`}.
      </p>
      {claimed > 0 && <p>Their sources no longer list {claimed} of them: these stay until somebody deletes them, or a source lists them again.</p>}
      {refused.map(({ identifier, message }) => (
        <ProblemLine key={identifier} level="warning" message={message}>
          <Mono wrap>{identifier}</Mono>
        </ProblemLine>
      ))}
    </>
  );
}
