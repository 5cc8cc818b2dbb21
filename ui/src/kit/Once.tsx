import { useClipboard } from '@mantine/hooks';
import { Button } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import classes from './form.module.css';

/** Something secret that is shown this once: to be copied now. */
export function Once({ label, value }: { label: string; value: string }) {
  const clipboard = useClipboard({ timeout: 2000 });
  return (
    <div className={classes.once}>
      <div className={classes.onceLabel}>{label}</div>
      <div className={classes.onceRow}>
        <code className={classes.onceValue} aria-label={label} role="textbox" aria-readonly tabIndex={0}>
          {value}
        </code>
        <Button
          variant="default"
          onClick={() => clipboard.copy(value)}
          leftSection={clipboard.copied ? <IconCheck size={14} aria-hidden /> : <IconCopy size={14} aria-hidden />}
          aria-label={`Copy: ${label}`}
        >
          {clipboard.copied ? 'Copied' : 'Copy'}
        </Button>
      </div>
    </div>
  );
}
