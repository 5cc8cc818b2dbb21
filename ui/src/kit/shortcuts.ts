import { useEffect, useSyncExternalStore } from 'react';

/** Something that the keyboard does. The help is made of these, so that it cannot say anything else. */
export interface Shortcut {
  /** `?`, `/`, `j`, `g h` (one after the other), `mod+K`. */
  keys: string;
  title: string;
  /** Heading in the help. */
  group: string;
  run: () => void;
}

/** Chords are over when the second key does not come in time. */
const patience = 1_200;
const switchedOff = 'stagedoor-keys-off';

const registered = new Set<Shortcut>();
const listeners = new Set<() => void>();
let list: Shortcut[] = [];

function changed(): void {
  list = [...registered];
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Registers shortcuts as long as the component is there. Of two with the same keys the later one counts. */
export function useShortcuts(shortcuts: Shortcut[]): void {
  useEffect(() => {
    for (const shortcut of shortcuts) registered.add(shortcut);
    changed();
    return () => {
      for (const shortcut of shortcuts) registered.delete(shortcut);
      changed();
    };
  }, [shortcuts]);
}

/** All that are registered now. */
export const useRegisteredShortcuts = () => useSyncExternalStore(subscribe, () => list);

const read = () => localStorage.getItem(switchedOff) === null;

/** Whether single keys do something on this device; combinations with Ctrl or Cmd always do. */
export const useKeysOn = () => useSyncExternalStore(subscribe, read);

export function setKeysOn(on: boolean): void {
  if (on) localStorage.removeItem(switchedOff);
  else localStorage.setItem(switchedOff, '');
  changed();
}

/** Listens to the keyboard, once for the whole program. */
export function useKeyboard(): void {
  useEffect(() => {
    let first = '';
    let timer: ReturnType<typeof setTimeout> | undefined;
    const forget = () => {
      clearTimeout(timer);
      first = '';
    };
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing || event.repeat) return;
      const key = nameOf(event);
      if (!key) return;
      const combination = key.startsWith('mod+');
      if (!combination && (!read() || isTyping(event.target) || hasWindow())) return forget();
      const chord = find(`${first} ${key}`);
      const shortcut = (first && chord) || find(key);
      const begins = !first && list.some(({ keys }) => keys.startsWith(`${key} `));
      forget();
      if (shortcut) {
        event.preventDefault();
        shortcut.run();
      } else if (begins) {
        first = key;
        timer = setTimeout(forget, patience);
      }
    };
    document.addEventListener('keydown', onKeyDown);
    return () => {
      forget();
      document.removeEventListener('keydown', onKeyDown);
    };
  }, []);
}

const find = (keys: string) => list.findLast((shortcut) => shortcut.keys === keys);

function nameOf({ key, ctrlKey, metaKey, altKey }: KeyboardEvent): string | undefined {
  if (altKey || key.length !== 1) return undefined;
  return ctrlKey || metaKey ? `mod+${key.toUpperCase()}` : key;
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.closest('input:not([type=checkbox]):not([type=radio]), textarea, select, [role=combobox], [role=listbox], [role=menu], [role=application]') !== null);
}

/** A window over the page has the keyboard for itself. */
const hasWindow = () => document.querySelector('[role=dialog], [role=menu]') !== null;
