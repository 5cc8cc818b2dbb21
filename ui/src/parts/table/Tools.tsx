import { Checkbox, Menu, Popover, Select, TextInput } from '@mantine/core';
import { IconArrowDown, IconArrowUp, IconColumns3, IconDownload, IconStack2 } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { exportRows, type ExportRequest } from '~/api/tables';
import { saveBlob } from '~/lib/save';
import { formatNumber } from '~/lib/text';
import { fieldNamed, type Field } from './fields';
import classes from './table.module.css';

interface ColumnChooserProps {
  fields: Field[];
  shown: string[];
  /** Undefined stands for the usual columns. */
  onChange: (columns: string[] | undefined) => void;
}

/** Which columns there are, in which order; properties of what relations lead to as `relation.property`. */
export function ColumnChooser({ fields, shown, onChange }: ColumnChooserProps) {
  const [needle, setNeedle] = useState('');
  const toggle = (id: string) => onChange(shown.includes(id) ? shown.filter((one) => one !== id) : [...shown, id]);
  const move = (id: string, by: number) => {
    const rest = shown.filter((one) => one !== id);
    rest.splice(Math.max(0, shown.indexOf(id) + by), 0, id);
    onChange(rest);
  };
  const chosen = shown.map((id) => fieldNamed(fields, id));
  const all = [...chosen, ...fields.filter((field) => !shown.includes(field.id))];
  const matching = all.filter((field) => `${field.title} ${field.id}`.toLowerCase().includes(needle.toLowerCase()));
  const isPath = /^[^\s.]+\.[^\s.]+$/.test(needle.trim()) && !shown.includes(needle.trim());
  const hidden = all.length - shown.length;
  return (
    <Popover position="bottom-end" width={290} trapFocus onClose={() => setNeedle('')}>
      <Popover.Target>
        <button type="button" className={classes.tool} title={`${hidden} of ${all.length} columns are hidden`}>
          <IconColumns3 size={15} stroke={1.6} aria-hidden />
          Columns
        </button>
      </Popover.Target>
      <Popover.Dropdown p={0} aria-label="Columns">
        <TextInput
          className={classes.needle}
          placeholder="Find, or write system.owner"
          aria-label="Find a column"
          value={needle}
          onChange={(event) => setNeedle(event.currentTarget.value)}
          data-autofocus
        />
        <div className={classes.columnList} role="group" aria-label="Columns">
          {isPath && (
            <button type="button" className={classes.quiet} onClick={() => toggle(needle.trim())}>
              Add {needle.trim()}
            </button>
          )}
          {matching.map((field) => {
            const at = shown.indexOf(field.id);
            return (
              <div key={field.id} className={classes.columnLine}>
                <Checkbox label={field.title} checked={at >= 0} disabled={at >= 0 && shown.length === 1} onChange={() => toggle(field.id)} />
                {at >= 0 && (
                  <span>
                    <button type="button" className={classes.step} disabled={at === 0} aria-label={`Move ${field.title} to the left`} onClick={() => move(field.id, -1)}>
                      <IconArrowUp size={13} aria-hidden />
                    </button>
                    <button type="button" className={classes.step} disabled={at === shown.length - 1} aria-label={`Move ${field.title} to the right`} onClick={() => move(field.id, 1)}>
                      <IconArrowDown size={13} aria-hidden />
                    </button>
                  </span>
                )}
              </div>
            );
          })}
        </div>
        <button type="button" className={classes.reset} onClick={() => onChange(undefined)}>
          Usual columns
        </button>
      </Popover.Dropdown>
    </Popover>
  );
}

/** By which field rows are gathered under headings. */
export function GroupChooser({ fields, group, onChange }: { fields: Field[]; group: string | undefined; onChange: (group: string | undefined) => void }) {
  const known = fields.filter((field) => field.groups);
  const chosen = group && !known.some((field) => field.id === group) ? [fieldNamed(fields, group), ...known] : known;
  return (
    <Select
      size="xs"
      w={150}
      aria-label="Group by"
      placeholder="Group by"
      leftSection={<IconStack2 size={14} stroke={1.6} aria-hidden />}
      clearable
      searchable
      data={chosen.map((field) => ({ value: field.id, label: field.title }))}
      value={group ?? null}
      onChange={(value) => onChange(value ?? undefined)}
      clearButtonProps={{ 'aria-label': 'No groups' }}
    />
  );
}

/** Saves all rows of the query, not only those on screen. */
export function ExportMenu({ name, request, total }: { name: string; request: Omit<ExportRequest, 'format'>; total: number }) {
  const { mutate, isPending, error } = useMutation({
    mutationFn: async (format: ExportRequest['format']) => saveBlob(`${name}.${format}`, await exportRows({ ...request, format })),
  });
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <button type="button" className={classes.tool} disabled={isPending || total === 0}>
          <IconDownload size={15} stroke={1.6} aria-hidden />
          <span role={isPending || error ? 'status' : undefined}>{isPending ? 'Exporting…' : error ? 'Export failed' : 'Export'}</span>
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>All {formatNumber(total)} rows, with these columns</Menu.Label>
        <Menu.Item onClick={() => mutate('csv')}>CSV</Menu.Item>
        <Menu.Item onClick={() => mutate('json')}>JSON</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
