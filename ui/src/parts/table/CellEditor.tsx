import { Button } from '@mantine/core';
import { IconCheck, IconLock, IconX } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type KeyboardEvent } from 'react';
import { changeEntity, type EntityChange } from '~/api/entity';
import { entityQuery } from '~/api/queries';
import type { Row } from '~/api/types';
import { ValueInput } from '../ValueInput';
import { isLinks, type Field } from './fields';
import classes from './table.module.css';

/** What a field is called where entities are written; undefined for what cannot be. */
export function writtenAs(field: Field): { part: 'properties' | 'relations' | null; key: string } | undefined {
  const key = field.id.startsWith('"') ? (JSON.parse(field.id) as string) : field.id;
  if (field.id === '$title') return { part: null, key: 'title' };
  if (field.id === '$team') return { part: null, key: 'team' };
  if (field.property && !field.property.derived) return { part: 'properties', key };
  if (field.relation) return { part: 'relations', key };
  return undefined;
}

export function changeOf(field: Field, value: unknown): EntityChange {
  const as = writtenAs(field);
  if (!as) return {};
  return as.part ? { [as.part]: { [as.key]: value } } : { [as.key]: value };
}

const team = { type: 'array', items: { type: 'string' } };
export const definitionOf = (field: Field) => (field.id === '$team' ? team : field.property);

interface CellEditorProps {
  row: Row;
  field: Field;
  onClose: () => void;
}

/** A cell while it is changed. Enter saves, Escape leaves it. */
export function CellEditor({ row, field, onClose }: CellEditorProps) {
  const queries = useQueryClient();
  const { data } = useQuery(entityQuery(row.blueprint, row.identifier));
  const before = valueOf(row, field);
  const [value, setValue] = useState(before);
  const [state, setState] = useState<{ busy?: boolean; error?: string }>({});
  const as = writtenAs(field);
  const origin = as && data?.fields[as.part ? `${as.part}.${as.key}` : as.key];
  const lock = lockOf(as === undefined, origin, data?.may.update);
  const save = async () => {
    if (JSON.stringify(value ?? null) === JSON.stringify(before ?? null)) return onClose();
    setState({ busy: true });
    try {
      await changeEntity(row, changeOf(field, value));
      await queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] === 'table' || queryKey[0] === 'entity' });
      onClose();
    } catch (error) {
      setState({ error: (error as Error).message });
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    event.stopPropagation();
    if (event.key === 'Escape') onClose();
    if (event.key === 'Enter' && !event.defaultPrevented && !lock && (event.target as HTMLElement).getAttribute('aria-expanded') !== 'true') void save();
  };
  if (!data) return <span className="sd-dim">…</span>;
  if (lock) {
    return (
      <span className={classes.lock} onKeyDown={onKeyDown}>
        <IconLock size={12} aria-hidden />
        <span role="status">{lock}</span>
        <Button size="compact-xs" variant="subtle" color="gray" onClick={onClose} aria-label="Leave the cell" autoFocus>
          <IconX size={13} aria-hidden />
        </Button>
      </span>
    );
  }
  return (
    <span className={classes.edit} onKeyDown={onKeyDown}>
      <ValueInput bare autoFocus label={`${field.title} of ${row.title}`} definition={definitionOf(field)} relation={field.relation} value={value} onChange={setValue} error={state.error} />
      <Button size="compact-xs" variant="subtle" loading={state.busy} onClick={() => void save()} aria-label="Save the cell">
        <IconCheck size={14} aria-hidden />
      </Button>
      <Button size="compact-xs" variant="subtle" color="gray" onClick={onClose} aria-label="Leave the cell">
        <IconX size={13} aria-hidden />
      </Button>
    </span>
  );
}

type Origin = { by: string; file?: string | null; line?: number | null };

function lockOf(computed: boolean, origin: Origin | undefined, may: true | string | boolean | undefined): string | undefined {
  if (computed) return 'It is computed.';
  if (origin?.by === 'source') return `Stated by ${(origin.file ?? 'its source').replace(/^file:(\/\/)?/, '')}${origin.line ? `:${origin.line}` : ''}: change it there.`;
  if (origin?.by === 'entities') return 'Stated by other entities: change it there.';
  return may === undefined || may === true ? undefined : String(may);
}

/** The value as it is written: relations by identifier. */
function valueOf(row: Row, field: Field): unknown {
  const value = row.cells[field.id];
  if (field.id === '$title') return row.title === row.identifier ? null : row.title;
  if (!field.relation) return value ?? null;
  const ids = isLinks(value) ? value.map((link) => link.identifier) : [];
  return field.relation.many ? ids : (ids[0] ?? null);
}
