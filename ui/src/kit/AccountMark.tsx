import { IconCircleCheck, IconCircleDashed, IconCircleX, IconMail } from '@tabler/icons-react';
import classes from './text.module.css';

const states = {
  Active: { icon: IconCircleCheck, color: 'var(--sd-ok)', meaning: 'may sign in' },
  Invited: { icon: IconMail, color: 'var(--sd-warn)', meaning: 'has a link that was not used yet' },
  Staged: { icon: IconCircleDashed, color: 'var(--sd-dim)', meaning: 'known, but without a way in' },
  Disabled: { icon: IconCircleX, color: 'var(--sd-bad)', meaning: 'may do nothing' },
} as const;

export type AccountState = keyof typeof states;
export const accountStates = Object.keys(states) as AccountState[];

/** `ACTIVE` or `Active`. */
export const accountState = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1).toLowerCase()}`;

/** How it stands with an account: a shape, a colour and a word. */
export function AccountMark({ status }: { status: string }) {
  const text = accountState(status);
  const known = states[text as AccountState];
  const Icon = known?.icon ?? IconCircleDashed;
  return (
    <span className={classes.state} style={{ color: known?.color ?? 'var(--sd-dim)' }} title={known?.meaning}>
      <Icon size={15} aria-hidden />
      {text}
    </span>
  );
}
