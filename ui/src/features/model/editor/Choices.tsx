import { ActionIcon, Button, Select, TextInput } from '@mantine/core';
import { IconPlus, IconX } from '@tabler/icons-react';
import { useState } from 'react';
import { Mono, Tag } from '~/kit/Mono';
import type { Definition } from './draft';
import classes from './editor.module.css';
import { colours } from './propertyTypes';

interface ChoicesProps {
  definition: Definition;
  /** The key under which the colours stand. */
  colours: 'enumColors' | 'colors';
  onChange: (next: Definition) => void;
}

/** The values of a list to choose from, with their colours. */
export function Choices({ definition, colours: under, onChange }: ChoicesProps) {
  const [fresh, setFresh] = useState('');
  const values = Array.isArray(definition.enum) ? definition.enum : [];
  const colourOf = (definition[under] ?? {}) as Record<string, string>;
  const read = (text: string) => (definition.type === 'number' ? Number(text) : text);
  const put = (next: unknown[], nextColours: Record<string, string>) => {
    const changed: Definition = { ...definition, enum: next, [under]: nextColours };
    if (Object.keys(nextColours).length === 0) delete changed[under];
    onChange(changed);
  };
  const unusable = fresh.trim() === '' || values.includes(read(fresh.trim())) || Number.isNaN(read(fresh.trim()));
  const add = () => {
    if (unusable) return;
    put([...values, read(fresh.trim())], colourOf);
    setFresh('');
  };
  return (
    <div>
      <div className={classes.label}>Values</div>
      <ul className={classes.choices} aria-label="Values">
        {values.map((value) => (
          <li key={String(value)}>
            <Mono>{String(value)}</Mono>
            <ColourSelect
              label={`Colour of ${String(value)}`}
              value={colourOf[String(value)]}
              onChange={(colour) => put(values, without({ ...colourOf, ...(colour && { [String(value)]: colour }) }, colour ? undefined : String(value)))}
            />
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={`Remove the value ${String(value)}`}
              onClick={() => put(values.filter((other) => other !== value), without(colourOf, String(value)))}
            >
              <IconX size={14} aria-hidden />
            </ActionIcon>
          </li>
        ))}
      </ul>
      <div className={classes.inline}>
        <TextInput
          aria-label="A new value"
          placeholder="New value…"
          value={fresh}
          onChange={(event) => setFresh(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter') return;
            event.preventDefault();
            add();
          }}
        />
        <Button variant="default" leftSection={<IconPlus size={14} aria-hidden />} disabled={unusable} onClick={add}>
          Add value
        </Button>
      </div>
    </div>
  );
}

function without(all: Record<string, string>, key: string | undefined) {
  return Object.fromEntries(Object.entries(all).filter(([other]) => other !== key));
}

export function ColourSelect({ label, value, onChange }: { label: string; value: string | undefined; onChange: (colour: string | undefined) => void }) {
  return (
    <Select
      aria-label={label}
      placeholder="no colour"
      data={[...colours]}
      value={value ?? null}
      onChange={(colour) => onChange(colour ?? undefined)}
      renderOption={({ option }) => <Tag color={option.value}>{option.label}</Tag>}
      leftSection={value ? <Tag color={value}>{''}</Tag> : undefined}
      clearable
      w={150}
    />
  );
}
