import { ActionIcon, Select } from '@mantine/core';
import { IconChevronRight, IconX } from '@tabler/icons-react';
import { Mono } from '~/kit/Mono';
import { useModel } from '~/parts/model';
import { useEditing } from './context';
import classes from './editor.module.css';
import { endOf, relationsOf } from './fields';

interface PathPickerProps {
  label: string;
  /** The blueprint that the path begins at. */
  from: string;
  path: string[];
  onChange: (path: string[]) => void;
  /** Relations with many targets lead nowhere here. */
  single?: boolean;
}

/** Relations one after another, each chosen out of those that there are. */
export function PathPicker({ label, from, path, onChange, single = false }: PathPickerProps) {
  const model = useModel();
  const { blueprint, draft } = useEditing();
  const own = { identifier: blueprint, body: draft.body };
  const title = (identifier: string | undefined) => model.blueprints.find((one) => one.identifier === identifier)?.title ?? identifier ?? '?';
  const steps = [...path.keys(), path.length].map((at) => ({ at, here: endOf(model, from, path.slice(0, at), own) }));
  return (
    <div role="group" aria-label={label}>
      <div className={classes.label}>{label}</div>
      <div className={classes.path}>
        <Mono dim>{title(from)}</Mono>
        {steps.map(({ at, here }) => {
          const options = here === undefined ? [] : relationsOf(model, here, own).filter(({ many }) => !single || !many);
          const step = path[at];
          if (step === undefined && options.length === 0) return null;
          const known = options.some(({ key }) => key === step);
          const data = options.map(({ key, title: name, target, many }) => ({ value: key, label: `${name} → ${title(target)}${many ? ' (many)' : ''}` }));
          return (
            <span key={at} className={classes.step}>
              <IconChevronRight size={13} aria-hidden />
              <Select
                aria-label={`${label}, step ${at + 1}`}
                placeholder={at === 0 ? 'choose a relation' : 'go on…'}
                data={step !== undefined && !known ? [...data, { value: step, label: `${step} (is not there)` }] : data}
                value={step ?? null}
                onChange={(key) => key && onChange([...path.slice(0, at), key])}
                error={step !== undefined && !known}
                searchable
                allowDeselect={false}
                w={at === path.length && at > 0 ? 120 : 210}
              />
            </span>
          );
        })}
        {path.length > 1 && (
          <ActionIcon variant="subtle" color="gray" aria-label="Remove the last step" onClick={() => onChange(path.slice(0, -1))}>
            <IconX size={14} aria-hidden />
          </ActionIcon>
        )}
      </div>
    </div>
  );
}
