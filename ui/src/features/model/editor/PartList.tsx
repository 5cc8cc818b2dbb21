import { Button, TextInput } from '@mantine/core';
import { IconAlertTriangle, IconChevronDown, IconChevronRight, IconPlus } from '@tabler/icons-react';
import { useState, type FormEvent, type ReactNode } from 'react';
import type { Renamed } from '~/api/blueprints';
import { Explained } from '~/kit/Explained';
import { Mono } from '~/kit/Mono';
import { useEditing, useFault } from './context';
import { allKeys, definitions, keyOf, text, withDefinitions, type Definition, type Part } from './draft';
import classes from './editor.module.css';
import { Rename } from './Rename';

interface PartListProps {
  part: Part;
  /** What one of them is called: `property`. */
  noun: string;
  rename?: Renamed;
  pointer: string;
  /** A new one of this title. */
  fresh: () => Definition;
  words: (definition: Definition, key: string) => ReactNode;
  children: (key: string, definition: Definition, change: (next: Definition) => void) => ReactNode;
  /** What to do where there is none. */
  empty: string;
}

/** Definitions under each other; one of them is open. */
export function PartList({ part, noun, rename, pointer, fresh, words, children, empty }: PartListProps) {
  const { draft, why } = useEditing();
  const [open, setOpen] = useState<string>();
  const all = definitions(draft.body, part);
  const put = (key: string, next: Definition) => draft.setBody(withDefinitions(draft.body, part, (old) => ({ ...old, [key]: next })));
  const remove = (key: string) => {
    draft.setBody(withDefinitions(draft.body, part, (old) => Object.fromEntries(Object.entries(old).filter(([other]) => other !== key))));
    setOpen(undefined);
  };
  const taken = part === 'relations' ? new Set(Object.keys(all)) : allKeys(draft.body);
  const add = (title: string) => {
    const key = keyOf(title) || noun;
    put(key, { title, ...fresh() });
    setOpen(key);
  };
  return (
    <div>
      {Object.keys(all).length === 0 && <p className={`sd-dim ${classes.none}`}>{empty}</p>}
      <ul className={classes.parts} aria-label={noun}>
        {Object.entries(all).map(([key, definition]) => (
          <Row
            key={key}
            name={key}
            definition={definition}
            pointer={`${pointer}/${key}`}
            words={words(definition, key)}
            open={open === key}
            onToggle={() => setOpen(open === key ? undefined : key)}
          >
            {children(key, definition, (next) => put(key, next))}
            <div className={classes.partButtons}>
              {rename && <Rename part={rename} name={key} noun={noun} onDone={setOpen} />}
              <Explained why={why}>
                <Button variant="default" onClick={() => remove(key)} aria-label={`Remove ${noun} ${key}`}>
                  Remove
                </Button>
              </Explained>
            </div>
          </Row>
        ))}
      </ul>
      <Add noun={noun} taken={taken} why={why} onAdd={add} />
    </div>
  );
}

interface RowProps {
  name: string;
  definition: Definition;
  pointer: string;
  words: ReactNode;
  open: boolean;
  onToggle: () => void;
  children: ReactNode;
}

function Row({ name, definition, pointer, words, open, onToggle, children }: RowProps) {
  const fault = useFault(pointer);
  const { why } = useEditing();
  const Chevron = open ? IconChevronDown : IconChevronRight;
  return (
    <li className={classes.part} data-open={open || undefined}>
      <button type="button" className={classes.partHead} aria-expanded={open} onClick={onToggle}>
        <Chevron size={14} aria-hidden />
        <span className={classes.partTitle}>{text(definition.title) || name}</span>
        <Mono dim>{name}</Mono>
        {fault && <IconAlertTriangle size={14} className={classes.faulty} role="img" aria-label={fault} />}
        <span className={classes.partWords}>{words}</span>
      </button>
      {open && (
        <fieldset className={classes.partBody} disabled={why !== undefined} aria-label={name}>
          {fault && <p className={classes.fault}>{fault}</p>}
          {children}
        </fieldset>
      )}
    </li>
  );
}

function Add({ noun, taken, why, onAdd }: { noun: string; taken: Set<string>; why: string | undefined; onAdd: (title: string) => void }) {
  const [title, setTitle] = useState('');
  const key = keyOf(title);
  const clash = key !== '' && taken.has(key);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (key === '' || clash || why !== undefined) return;
    onAdd(title.trim());
    setTitle('');
  };
  return (
    <form className={classes.add} onSubmit={submit}>
      <TextInput
        aria-label={`Title of a new ${noun}`}
        placeholder={`New ${noun}…`}
        value={title}
        onChange={(event) => setTitle(event.currentTarget.value)}
        error={clash ? `There is a "${key}" already.` : undefined}
        rightSection={key ? <Mono dim>{key}</Mono> : undefined}
        rightSectionWidth={Math.min(160, 16 + key.length * 7)}
        disabled={why !== undefined}
      />
      <Explained why={why}>
        <Button type="submit" variant="default" leftSection={<IconPlus size={14} aria-hidden />} disabled={key === '' || clash}>
          Add
        </Button>
      </Explained>
    </form>
  );
}
