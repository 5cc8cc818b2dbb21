import { Button, Modal } from '@mantine/core';
import type { ReactNode } from 'react';
import { Form } from '~/kit/Form';
import { Once } from '~/kit/Once';

interface MadeOnceProps {
  title: string;
  /** Empty: nothing to show, the window is closed. */
  values: { label: string; value: string }[];
  /** Forgets the values. */
  onClose: () => void;
  children?: ReactNode;
}

/** The window with what the server says only once. */
export function MadeOnce({ title, values, onClose, children }: MadeOnceProps) {
  return (
    <Modal opened={values.length > 0} onClose={onClose} title={title} size="lg" closeOnClickOutside={false}>
      <Form onSubmit={onClose} buttons={<Button type="submit">I have it</Button>}>
        <p>
          Copy it now: it is shown this once, and nobody can look it up later. {children}
        </p>
        {values.map(({ label, value }) => (
          <Once key={label} label={label} value={value} />
        ))}
      </Form>
    </Modal>
  );
}
