import { useState, type FocusEvent } from 'react';

/**
 * Keeps a list in its order while somebody is at it: what is there is shown as it is now, what is new is counted and
 * comes when it is asked for, or when the reader has gone elsewhere.
 */
export function useHeld<Row>(rows: Row[], keyOf: (row: Row) => string) {
  const keys = rows.map(keyOf);
  const [shown, setShown] = useState(keys);
  const [hold, setHold] = useState(false);
  const newer = keys.filter((key) => !shown.includes(key)).length;
  const moved = keys.length !== shown.length || keys.some((key, i) => key !== shown[i]);
  // nothing would jump where there was nothing, or where nothing is new
  if (moved && (!hold || shown.length === 0)) setShown(keys);
  const byKey = new Map(rows.map((row) => [keyOf(row), row]));
  return {
    rows: shown.flatMap((key) => byKey.get(key) ?? []),
    newer: hold ? newer : 0,
    show: () => setShown(keys),
    /** For the element around the list. */
    holding: {
      onPointerEnter: () => setHold(true),
      onPointerLeave: () => setHold(false),
      onFocus: () => setHold(true),
      onBlur: ({ currentTarget, relatedTarget }: FocusEvent) => setHold(currentTarget.contains(relatedTarget)),
    },
  };
}
