import { Modal, Switch } from '@mantine/core';
import { Keys } from '~/kit/Keys';
import { setKeysOn, useKeysOn, useRegisteredShortcuts, type Shortcut } from '~/kit/shortcuts';
import classes from './Shell.module.css';

/** What the keyboard does on this page, from the list by which it does it. */
export function KeyboardHelp({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const shortcuts = useRegisteredShortcuts();
  const on = useKeysOn();
  return (
    <Modal opened={opened} onClose={onClose} title="Keyboard" size={560}>
      <div className={classes.help}>
        {grouped(shortcuts).map(([group, entries]) => (
          <section key={group} aria-label={group}>
            <h2 className={classes.helpTitle}>{group}</h2>
            <dl className={classes.helpList}>
              {entries.map(({ keys, title }) => (
                <div key={keys}>
                  <dt>{title}</dt>
                  <dd>
                    <Keys keys={keys} />
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <Switch
        mt={18}
        size="xs"
        label="Single keys do something"
        description="Combinations with Ctrl or Cmd always do. For this browser only."
        checked={on}
        onChange={(event) => setKeysOn(event.currentTarget.checked)}
      />
    </Modal>
  );
}

/** By heading; of several with the same keys the one that counts. */
function grouped(shortcuts: Shortcut[]): [string, Shortcut[]][] {
  const groups = new Map<string, Shortcut[]>();
  for (const shortcut of new Map(shortcuts.map((one) => [one.keys, one])).values()) {
    groups.set(shortcut.group, [...(groups.get(shortcut.group) ?? []), shortcut]);
  }
  return [...groups];
}
