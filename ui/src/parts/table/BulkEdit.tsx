import { Button, Modal, Progress, Select } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { changeMany, type Outcome } from '~/api/bulk';
import { readEntity, type EntityChange, type Key } from '~/api/entity';
import type { Blueprint, Row } from '~/api/types';
import { ProblemLine } from '~/kit/Problem';
import { count } from '~/lib/text';
import { ValueInput } from '../ValueInput';
import { changeOf, definitionOf, writtenAs } from './CellEditor';
import { Failures } from './Failures';
import type { Field } from './fields';

interface BulkEditProps {
  rows: Row[];
  fields: Field[];
  blueprint?: Blueprint;
  onClose: () => void;
}

/** One field of many entities gets one value. What was there before can be put back. */
export function BulkEdit({ rows, fields, blueprint, onClose }: BulkEditProps) {
  const queries = useQueryClient();
  const [id, setId] = useState<string | null>(null);
  const [value, setValue] = useState<unknown>(null);
  const [state, setState] = useState<{ through?: number; outcome?: Outcome; before?: Map<string, unknown>; error?: string; back?: Outcome }>({});
  const editable = fields.filter((field) => writtenAs(field) && field.id !== '$title');
  const field = editable.find((one) => one.id === id);
  const several = new Set(rows.map((row) => row.blueprint)).size;
  const apply = async (changes: { key: Key; change: EntityChange }[]) => {
    const outcome = await changeMany(changes, (n) => setState((old) => ({ ...old, through: n })));
    await queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] === 'table' || queryKey[0] === 'entity' });
    return outcome;
  };
  const run = async () => {
    if (!field) return;
    setState({ through: 0 });
    try {
      const before = await valuesOf(rows, field);
      const outcome = await apply(rows.map((key) => ({ key: keyOf(key), change: changeOf(field, value) })));
      setState({ outcome, before });
    } catch (cause) {
      setState({ error: (cause as Error).message });
    }
  };
  const takeBack = async () => {
    const { outcome, before } = state;
    if (!field || !outcome || !before) return;
    const back = await apply(outcome.done.map((key) => ({ key, change: changeOf(field, before.get(`${key.blueprint} ${key.identifier}`) ?? null) })));
    setState({ ...state, back });
  };
  const { through, outcome, error, back } = state;
  return (
    <Modal opened onClose={onClose} title={`Edit ${count(rows.length, 'entity', 'entities')}`}>
      {outcome ? (
        <>
          <p role="status">
            {count(outcome.done.length, 'entity is', 'entities are')} changed{back ? `, ${back.done.length} of them as before again` : ''}.
          </p>
          <Failures failed={[...outcome.failed, ...(back?.failed ?? [])]} />
        </>
      ) : (
        <>
          <Select label="Field" placeholder="Which one" searchable data={editable.map((one) => ({ value: one.id, label: one.title }))} value={id} onChange={(next) => {
            setId(next);
            setValue(null);
          }} data-autofocus />
          {field && (
            <>
              <div style={{ height: 12 }} />
              <ValueInput key={field.id} label={field.title} definition={definitionOf(field)} relation={field.relation} value={value} onChange={setValue} />
              <p className="sd-dim" style={{ marginTop: 12 }}>
                {field.title} of {count(rows.length, 'entity', 'entities')}
                {several > 1 ? ` of ${several} blueprints` : blueprint ? ` of ${blueprint.title}` : ''} will {value === null || value === '' ? 'be empty' : 'have this value'}. What a source states is left as it is.
              </p>
            </>
          )}
          {through !== undefined && <Progress value={(through / rows.length) * 100} mt={12} aria-label="Progress" />}
        </>
      )}
      {error && <ProblemLine level="error" message={error} />}
      <div style={{ display: 'flex', gap: 8, justifyContent: 'flex-end', marginTop: 16 }}>
        {outcome && outcome.done.length > 0 && !back && (
          <Button variant="default" onClick={() => void takeBack()}>
            Undo
          </Button>
        )}
        <Button variant="default" onClick={onClose}>
          {outcome ? 'Close' : 'Cancel'}
        </Button>
        {!outcome && (
          <Button disabled={!field} loading={through !== undefined} onClick={() => void run()}>
            Change {rows.length}
          </Button>
        )}
      </div>
    </Modal>
  );
}

const keyOf = ({ blueprint, identifier }: Row): Key => ({ blueprint, identifier });

/** What a field says now, of each: as it is written. */
async function valuesOf(rows: Row[], field: Field): Promise<Map<string, unknown>> {
  const as = writtenAs(field);
  const values = new Map<string, unknown>();
  for (let i = 0; i < rows.length; i += 10) {
    await Promise.all(
      rows.slice(i, i + 10).map(async (row) => {
        const entity = await readEntity(keyOf(row));
        const part = (as?.part ? entity[as.part] : entity) as Record<string, unknown> | undefined;
        values.set(`${row.blueprint} ${row.identifier}`, part?.[as?.key ?? '']);
      }),
    );
  }
  return values;
}
