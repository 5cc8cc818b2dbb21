import type { Derivation } from '~/api/types';
import classes from './parts.module.css';

const verbs = { mirror: 'shows', calculation: 'computes', aggregation: 'is the' };

/** Says beside a property's name that its value is derived, and how. */
export function DerivedMark({ derived }: { derived: Derivation }) {
  return (
    <span className={classes.derived} title={derivedTitle(derived)}>
      {derived.kind}
    </span>
  );
}

export const derivedTitle = ({ kind, from }: Derivation) => `This ${kind} ${verbs[kind]} ${from}`;

/** Why a calculation has no value. */
export function InvalidJq({ message }: { message: string }) {
  return <span className={classes.invalid}>invalid JQ: {message}</span>;
}
