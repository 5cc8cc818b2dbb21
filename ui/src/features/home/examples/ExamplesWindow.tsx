import { Modal } from '@mantine/core';
import { Examples } from './Examples';

/** The same as among the first steps, for whoever comes from elsewhere. */
export function ExamplesWindow({ onClose }: { onClose: () => void }) {
  return (
    <Modal opened onClose={onClose} title="Examples" size={560}>
      <Examples />
    </Modal>
  );
}
