import { useState } from 'react';

interface Steps<Value> {
  past: Value[];
  now: Value;
  future: Value[];
}

/** Steps that are kept. */
const KEPT = 100;

/** A value whose changes can be taken back and made again. */
export function useHistory<Value>(start: Value) {
  const [steps, setSteps] = useState<Steps<Value>>({ past: [], now: start, future: [] });
  const set = (value: Value) => setSteps(({ past, now }) => ({ past: [...past, now].slice(-KEPT), now: value, future: [] }));
  const last = steps.past.at(-1);
  const next = steps.future.at(0);
  const undo = last === undefined ? undefined : () => setSteps(({ past, now, future }) => ({ past: past.slice(0, -1), now: last, future: [now, ...future] }));
  const redo = next === undefined ? undefined : () => setSteps(({ past, now, future }) => ({ past: [...past, now], now: next, future: future.slice(1) }));
  return { value: steps.now, set, undo, redo, changed: steps.past.length > 0 };
}
