import { Menu } from '@mantine/core';
import { useClipboard } from '@mantine/hooks';
import { IconCopy, IconDots, IconExternalLink, IconPencil, IconTopologyStar3, IconTrash } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { useState, type ComponentProps } from 'react';
import type { Row } from '~/api/types';
import { OfferItems } from '../runs/OfferItems';
import { BulkDelete } from './BulkDelete';
import classes from './table.module.css';

interface RowMenuProps {
  row: Row;
  onEdit: () => void;
}

/** What can be done with one entity of a table. A menu that nobody has opened is only its button: there is one on every line. */
export function RowMenu(props: RowMenuProps) {
  const [used, setUsed] = useState(false);
  return used ? <Used {...props} /> : <Dots row={props.row} aria-haspopup="menu" aria-expanded={false} onClick={() => setUsed(true)} />;
}

function Dots({ row, ...rest }: { row: Row } & ComponentProps<'button'>) {
  return (
    <button type="button" {...rest} className={classes.step} aria-label={`Actions of ${row.title}`}>
      <IconDots size={15} aria-hidden />
    </button>
  );
}

function Used({ row, onEdit }: RowMenuProps) {
  const clipboard = useClipboard();
  const [deleting, setDeleting] = useState(false);
  const navigate = useNavigate();
  const open = (tab?: string) => void navigate({ to: '/entity/$blueprint', params: { blueprint: row.blueprint }, search: { id: row.identifier, tab } });
  return (
    <>
      <Menu position="bottom-end" width={190} defaultOpened>
        <Menu.Target>
          <Dots row={row} />
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconExternalLink size={14} aria-hidden />} onClick={() => open()}>
            Open
          </Menu.Item>
          <Menu.Item leftSection={<IconTopologyStar3 size={14} aria-hidden />} onClick={() => open('graph')}>
            Graph
          </Menu.Item>
          <Menu.Item leftSection={<IconPencil size={14} aria-hidden />} onClick={onEdit}>
            Edit here
          </Menu.Item>
          <Menu.Item leftSection={<IconCopy size={14} aria-hidden />} onClick={() => clipboard.copy(row.ref)}>
            Copy the ref
          </Menu.Item>
          <Menu.Divider />
          <Menu.Label>Run</Menu.Label>
          <OfferItems blueprint={row.blueprint} entity={row.identifier} />
          <Menu.Divider />
          <Menu.Item color="red" leftSection={<IconTrash size={14} aria-hidden />} onClick={() => setDeleting(true)}>
            Delete…
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {deleting && <BulkDelete rows={[row]} onClose={() => setDeleting(false)} onDone={() => undefined} />}
    </>
  );
}
