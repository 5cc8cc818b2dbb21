import { useSyncExternalStore } from 'react';

/** `new`: what is on screen follows the catalog. `lost`: it does not, for the server cannot be reached. */
export type Connection = 'new' | 'lost' | 'offline';

// a restart of the server or a change of networks is over sooner, and nobody needs to know of it
const patience = 2_500;

let connected = true;
let timer: ReturnType<typeof setTimeout> | undefined;
const listeners = new Set<() => void>();

function set(now: boolean): void {
  if (connected === now) return;
  connected = now;
  for (const listener of listeners) listener();
}

/** The change feed says how it is doing. */
export function noteConnection(now: boolean): void {
  if (now) {
    clearTimeout(timer);
    timer = undefined;
    set(true);
  } else {
    // one attempt after another fails: the time runs from the first
    timer ??= setTimeout(() => set(false), patience);
  }
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener('online', listener);
  window.addEventListener('offline', listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener('online', listener);
    window.removeEventListener('offline', listener);
  };
}

const read = (): Connection => (!navigator.onLine ? 'offline' : connected ? 'new' : 'lost');

export const useConnection = () => useSyncExternalStore(subscribe, read);
