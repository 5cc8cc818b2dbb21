import { Button, Menu } from '@mantine/core';
import { useClipboard } from '@mantine/hooks';
import { IconBraces, IconCopy, IconDots, IconPencil, IconRefresh, IconTopologyStar3, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { readSource } from '~/api/sources';
import type { EntityResult } from '~/api/types';
import { Explained } from '~/kit/Explained';
import { RunMenu } from '~/parts/runs/OfferItems';
import { useWhyNot } from '~/parts/session';
import { useChange } from '~/parts/useChange';
import { Delete } from './Delete';

interface ActionsProps {
  data: EntityResult;
  onEdit: () => void;
  onTab: (tab: string) => void;
}

/** What can be done with the entity. */
export function Actions({ data, onEdit, onTab }: ActionsProps) {
  const [deleting, setDeleting] = useState(false);
  const clipboard = useClipboard();
  const { id } = data.source ?? {};
  const refresh = useChange(() => readSource(id ?? ''));
  const whyNoRefresh = useWhyNot('UpdateSources');
  const whyNoEdit = data.may.update === true ? undefined : String(data.may.update);
  return (
    <>
      <RunMenu blueprint={data.entity.blueprint} entity={data.entity.identifier} />
      <Explained why={whyNoEdit}>
        <Button variant="default" leftSection={<IconPencil size={14} aria-hidden />} onClick={onEdit}>
          Edit
        </Button>
      </Explained>
      <Menu position="bottom-end" width={230}>
        <Menu.Target>
          <Button variant="default" px={8} aria-label="More actions" loading={refresh.isPending}>
            <IconDots size={16} aria-hidden />
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {id && whyNoRefresh === undefined && (
            <Menu.Item leftSection={<IconRefresh size={14} aria-hidden />} onClick={() => refresh.mutate(undefined)}>
              Refresh from its source
            </Menu.Item>
          )}
          <Menu.Item leftSection={<IconTopologyStar3 size={14} aria-hidden />} onClick={() => onTab('graph')}>
            Graph
          </Menu.Item>
          <Menu.Item leftSection={<IconBraces size={14} aria-hidden />} onClick={() => onTab('source')}>
            Raw document
          </Menu.Item>
          <Menu.Item leftSection={<IconCopy size={14} aria-hidden />} onClick={() => clipboard.copy(data.entity.ref)}>
            Copy the ref
          </Menu.Item>
          <Menu.Divider />
          <Menu.Item color="red" leftSection={<IconTrash size={14} aria-hidden />} onClick={() => setDeleting(true)}>
            Delete…
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {deleting && <Delete data={data} onClose={() => setDeleting(false)} />}
    </>
  );
}
