import { Modal } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useId, useState, type KeyboardEvent, type ReactNode } from 'react';
import classes from './CommandPalette.module.css';

export interface Command {
  id: string;
  icon: ReactNode;
  title: string;
  detail?: string | null;
  aside?: string;
  run: () => void;
}

export interface CommandGroup {
  label: string;
  commands: Command[];
  /** Says what is not listed. */
  note?: string;
}

interface CommandPaletteProps {
  opened: boolean;
  onClose: () => void;
  query: string;
  onQuery: (query: string) => void;
  label: string;
  groups: CommandGroup[];
  /** Shown when there is nothing to choose. */
  empty: string;
}

/** A text field over a list to choose from, for the keyboard first: arrows move, Enter runs. */
export function CommandPalette({ opened, onClose, query, onQuery, label, groups, empty }: CommandPaletteProps) {
  const [chosen, setChosen] = useState<string | null>(null);
  const listId = useId();
  const commands = groups.flatMap((group) => group.commands);
  const index = Math.max(0, commands.findIndex(({ id }) => id === chosen));
  const active = commands[index];
  // by position: identifiers may hold spaces, and an element's id may not
  const optionId = (command: Command) => `${listId}-${commands.indexOf(command)}`;

  const run = (command: Command | undefined) => {
    if (!command) return;
    onClose();
    command.run();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined && commands.length > 0) {
      event.preventDefault();
      const next = commands[(index + step + commands.length) % commands.length];
      if (!next) return;
      setChosen(next.id);
      document.getElementById(optionId(next))?.scrollIntoView({ block: 'nearest' });
    } else if (event.key === 'Enter') {
      event.preventDefault();
      run(active);
    }
  };

  return (
    <Modal
      opened={opened}
      onClose={onClose}
      withCloseButton={false}
      padding={0}
      size={640}
      yOffset="12dvh"
      transitionProps={{ duration: 0 }}
      overlayProps={{ backgroundOpacity: 0.35 }}
      classNames={{ content: classes.content }}
      attributes={{ content: { 'aria-label': label } }}
    >
      <div className={classes.field}>
        <IconSearch size={16} aria-hidden />
        <input
          autoFocus
          data-autofocus
          role="combobox"
          aria-label={label}
          aria-expanded={commands.length > 0}
          aria-controls={listId}
          aria-activedescendant={active && optionId(active)}
          aria-autocomplete="list"
          autoComplete="off"
          spellCheck={false}
          placeholder={label}
          value={query}
          onChange={(event) => {
            setChosen(null);
            onQuery(event.currentTarget.value);
          }}
          onKeyDown={onKeyDown}
        />
      </div>
      <div className={classes.list} role="listbox" id={listId} aria-label="Results" tabIndex={0} onKeyDown={onKeyDown}>
        {groups.map((group) =>
          group.commands.length === 0 ? null : (
            <div key={group.label} role="group" aria-label={group.label}>
              <div className={classes.group} aria-hidden>
                {group.label}
              </div>
              {group.commands.map((command) => (
                <div
                  key={command.id}
                  id={optionId(command)}
                  role="option"
                  aria-selected={command === active}
                  className={classes.command}
                  onClick={() => run(command)}
                  onMouseMove={() => command !== active && setChosen(command.id)}
                >
                  {command.icon}
                  <span className={classes.title}>{command.title}</span>
                  <span className={classes.detail}>{command.detail}</span>
                  {command.aside && <span className={classes.aside}>{command.aside}</span>}
                </div>
              ))}
              {group.note && <div className={classes.note}>{group.note}</div>}
            </div>
          ),
        )}
      </div>
      {commands.length === 0 && (
        <p className={classes.empty} role="status">
          {empty}
        </p>
      )}
    </Modal>
  );
}
