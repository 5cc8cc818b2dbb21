import { Button, Modal, type ButtonProps } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import { Explained } from './Explained';
import { Form } from './Form';

interface ConfirmProps {
  /** On the button that asks. */
  label: string;
  /** What the button is called where there are many of them. */
  name?: string;
  /** The question. */
  title: string;
  /** What will happen. */
  children?: ReactNode;
  /** On the button that does it. */
  confirm: string;
  run: () => Promise<unknown>;
  /** Why it may not be done. */
  why?: string;
  variant?: ButtonProps['variant'];
}

/** In a table, where there are many. */
export const quiet = { color: 'gray', size: 'compact-xs', fw: 500, ml: -8, mr: 8 } as const;

/** A button for what cannot be taken back: it asks once more. */
export function Confirm({ label, name, title, children, confirm, run, why, variant = 'default' }: ConfirmProps) {
  const [opened, setOpened] = useState(false);
  const [state, setState] = useState<{ busy?: boolean; error?: Error }>({});
  const close = () => {
    setOpened(false);
    setState({});
  };
  const go = () => {
    setState({ busy: true });
    run().then(close, (error: Error) => setState({ error }));
  };
  return (
    <>
      <Explained why={why}>
        <Button variant={variant} {...(variant === 'subtle' ? quiet : undefined)} onClick={() => setOpened(true)} aria-label={name}>
          {label}
        </Button>
      </Explained>
      <Modal opened={opened} onClose={close} title={title}>
        <Form
          onSubmit={go}
          error={state.error}
          buttons={
            <>
              <Button variant="default" onClick={close} data-autofocus>
                Cancel
              </Button>
              <Button type="submit" color="red" loading={state.busy}>
                {confirm}
              </Button>
            </>
          }
        >
          {children && <p>{children}</p>}
        </Form>
      </Modal>
    </>
  );
}
