import { Button, Modal, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import { askExemption, type ExemptionAsk } from '~/api/standards';
import { Form } from '~/kit/Form';
import { useChange } from '~/parts/useChange';

interface AskExemptionProps {
  of: Omit<ExemptionAsk, 'reason' | 'until'>;
  /** What the rule is called. */
  title: string;
}

const day = 86_400_000;
const dateIn = (days: number) => new Date(Date.now() + days * day).toISOString().slice(0, 10);

/** Asks that a rule need not hold for a time. Whoever may grant it does so by asking. */
export function AskExemption({ of, title }: AskExemptionProps) {
  const [opened, setOpened] = useState(false);
  const [reason, setReason] = useState('');
  const [until, setUntil] = useState(() => dateIn(90));
  const close = () => setOpened(false);
  // the whole of the last day
  const send = useChange(() => askExemption({ ...of, reason: reason.trim(), until: `${until}T23:59:59Z` }), close);
  return (
    <div>
      <Button variant="subtle" color="gray" size="compact-xs" ml={-8} onClick={() => setOpened(true)} aria-label={`Ask for an exemption: ${title}`}>
        Ask for an exemption…
      </Button>
      <Modal opened={opened} onClose={close} title={`Exempt from “${title}”`}>
        <Form
          onSubmit={() => send.mutate(undefined)}
          error={send.error}
          buttons={
            <>
              <Button variant="default" onClick={close}>
                Cancel
              </Button>
              <Button type="submit" loading={send.isPending}>
                Ask
              </Button>
            </>
          }
        >
          <p className="sd-dim">An exempt rule counts as passed until its time is over. Everybody sees why. Administrators and moderators decide.</p>
          <Textarea label="Reason" required autosize minRows={3} maxLength={2000} value={reason} onChange={(event) => setReason(event.currentTarget.value)} data-autofocus />
          <TextInput label="Until" type="date" required min={dateIn(1)} value={until} onChange={(event) => setUntil(event.currentTarget.value)} />
        </Form>
      </Modal>
    </div>
  );
}
