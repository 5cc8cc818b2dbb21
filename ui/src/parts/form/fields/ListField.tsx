import { Button, Fieldset } from '@mantine/core';
import { IconArrowDown, IconArrowUp, IconPlus, IconTrash } from '@tabler/icons-react';
import { Hidden } from '~/kit/Mono';
import { useFormState } from '../context';
import { effective } from '../effective';
import classes from '../form.module.css';
import { part, typeOf, type FieldProps, type Schema } from '../types';
import { FieldSwitch } from './FieldSwitch';

/** A list of things that have fields of their own. */
export function ListField(props: FieldProps) {
  const { path, label, description, schema, value, onChange, error, disabled } = props;
  const { errors, root } = useFormState();
  const list = Array.isArray(value) ? (value as unknown[]) : [];
  const items = (Array.isArray(schema.items) ? schema.items[0] : schema.items) as Schema | undefined;
  const put = (next: unknown[]) => onChange(next.length > 0 ? next : null);
  const move = (from: number, to: number) => put(list.map((one, i) => (i === to ? list[from] : i === from ? list[to] : one)));
  const full = typeof schema.maxItems === 'number' && list.length >= schema.maxItems;
  return (
    <Fieldset legend={label} className={classes.group}>
      {description && <p className="sd-dim">{description}</p>}
      {list.map((item, i) => {
        const own = effective(items ?? {}, item, root);
        const at = path + part(i);
        const name = `${own.title ?? label} ${i + 1}`;
        return (
          // items have no names of their own
          <div key={i} className={classes.item}>
            <div className={classes.itemBody}>
              <FieldSwitch path={at} name={String(i)} schema={own} label={name} value={item} onChange={(next) => put(list.map((one, n) => (n === i ? next : one)))} required={false} disabled={disabled} error={errors[at]} />
            </div>
            <div className={classes.itemTools}>
              <Tool label={`Move ${name} up`} disabled={i === 0 || disabled} onClick={() => move(i, i - 1)} icon={<IconArrowUp size={14} aria-hidden />} />
              <Tool label={`Move ${name} down`} disabled={i === list.length - 1 || disabled} onClick={() => move(i, i + 1)} icon={<IconArrowDown size={14} aria-hidden />} />
              <Tool label={`Remove ${name}`} disabled={disabled} onClick={() => put(list.filter((_, n) => n !== i))} icon={<IconTrash size={14} aria-hidden />} />
            </div>
          </div>
        );
      })}
      {error && <p className={classes.bad}>{error}</p>}
      <Button variant="default" size="compact-xs" leftSection={<IconPlus size={13} aria-hidden />} disabled={disabled || full} onClick={() => put([...list, fresh(items)])}>
        Add<Hidden> to {label}</Hidden>
      </Button>
    </Fieldset>
  );
}

function Tool({ label, icon, disabled, onClick }: { label: string; icon: React.ReactNode; disabled: boolean; onClick: () => void }) {
  return (
    <button type="button" className={classes.tool} aria-label={label} title={label} disabled={disabled} onClick={onClick}>
      {icon}
    </button>
  );
}

function fresh(items: Schema | undefined): unknown {
  if (items?.default !== undefined) return items.default;
  return items && typeOf(items) === 'object' ? {} : '';
}
