import { Tooltip } from '@mantine/core';
import { cloneElement, useId, type MouseEvent, type ReactElement } from 'react';
import { Hidden } from './Mono';

interface Control {
  onClick?: unknown;
  disabled?: boolean;
  'aria-disabled'?: boolean;
  'data-disabled'?: boolean;
  'aria-describedby'?: string;
}

interface ExplainedProps {
  /** Why the control is out of use; without it the control is as it was. */
  why: string | undefined;
  /** One button. */
  children: ReactElement<Control>;
}

/**
 * A button that cannot be used and says why: to the mouse, to the keyboard, which can still reach it, and to a screen
 * reader. A `disabled` button would tell nobody.
 */
export function Explained({ why, children }: ExplainedProps) {
  const id = useId();
  if (why === undefined) return children;
  const prevent = (event: MouseEvent) => event.preventDefault();
  return (
    <>
      <Tooltip label={why} multiline maw={320} events={{ hover: true, focus: true, touch: true }}>
        {cloneElement(children, { onClick: prevent, disabled: undefined, 'aria-disabled': true, 'data-disabled': true, 'aria-describedby': id })}
      </Tooltip>
      <Hidden>
        <span id={id}>{why}</span>
      </Hidden>
    </>
  );
}
