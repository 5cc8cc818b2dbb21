import { Checkbox, Popover } from '@mantine/core';
import { IconColumns3 } from '@tabler/icons-react';
import classes from './catalog.module.css';
import type { Field } from './fields';

interface ColumnChooserProps {
  fields: Field[];
  visible: Field[];
  /** Undefined stands for the usual columns. */
  onChange: (cols: string | undefined) => void;
}

export function ColumnChooser({ fields, visible, onChange }: ColumnChooserProps) {
  const shown = new Set(visible.map((field) => field.id));
  const toggle = (id: string) => {
    const next = new Set(shown);
    if (!next.delete(id)) next.add(id);
    onChange(fields.filter((field) => next.has(field.id)).map((field) => field.id).join(','));
  };
  const hidden = fields.length - visible.length;
  return (
    <Popover position="bottom-end" width={250} trapFocus>
      <Popover.Target>
        <button type="button" className={classes.tool} title={`${hidden} of ${fields.length} columns are hidden`}>
          <IconColumns3 size={15} stroke={1.6} aria-hidden />
          Columns
        </button>
      </Popover.Target>
      <Popover.Dropdown p={0} aria-label="Columns">
        <div className={classes.columnList} role="group" aria-label="Columns">
          {fields.map((field) => (
            <Checkbox
              key={field.id}
              label={field.title}
              checked={shown.has(field.id)}
              disabled={field.id === 'title'}
              onChange={() => toggle(field.id)}
            />
          ))}
        </div>
        <button type="button" className={classes.reset} onClick={() => onChange(undefined)}>
          Usual columns
        </button>
      </Popover.Dropdown>
    </Popover>
  );
}
