import { Menu } from '@mantine/core';
import { useClipboard } from '@mantine/hooks';
import { IconCopy, IconDots, IconExternalLink, IconPencil, IconTopologyStar3, IconTrash } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { Row } from '~/api/types';
import { BulkDelete } from './BulkDelete';
import classes from './table.module.css';

/** What can be done with one entity of a table. */
export function RowMenu({ row, onEdit }: { row: Row; onEdit: () => void }) {
  const clipboard = useClipboard();
  const [deleting, setDeleting] = useState(false);
  const navigate = useNavigate();
  const open = (tab?: string) => void navigate({ to: '/entity/$blueprint', params: { blueprint: row.blueprint }, search: { id: row.identifier, tab } as never });
  return (
    <>
      <Menu position="bottom-end" width={190}>
        <Menu.Target>
          <button type="button" className={classes.step} aria-label={`Actions of ${row.title}`}>
            <IconDots size={15} aria-hidden />
          </button>
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
          <Menu.Item color="red" leftSection={<IconTrash size={14} aria-hidden />} onClick={() => setDeleting(true)}>
            Delete…
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {deleting && <BulkDelete rows={[row]} onClose={() => setDeleting(false)} onDone={() => undefined} />}
    </>
  );
}
