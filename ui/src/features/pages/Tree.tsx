import { closestCenter, DndContext, KeyboardSensor, PointerSensor, useSensor, useSensors, type DragEndEvent } from '@dnd-kit/core';
import { SortableContext, sortableKeyboardCoordinates, useSortable, verticalListSortingStrategy } from '@dnd-kit/sortable';
import { ActionIcon, Button, Menu, Modal, TextInput } from '@mantine/core';
import { IconDotsVertical, IconFolder, IconFolderPlus, IconGripVertical } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useState, type CSSProperties } from 'react';
import { createFolder, deleteFolder, deletePage, patchFolder, patchPage, type SidebarItem } from '~/api/pages';
import { Form } from '~/kit/Form';
import { Empty } from '~/kit/Page';
import { ProblemLine } from '~/kit/Problem';
import { Allowed } from '~/parts/Allowed';
import { BlueprintIcon } from '~/parts/BlueprintIcon';
import { useSidebar } from '~/parts/sidebar';
import { useWhyNot } from '~/parts/session';
import { useChange } from '~/parts/useChange';
import { announcements } from './announcements';
import classes from './pages.module.css';

interface Move {
  item: SidebarItem;
  parent: string | null;
  after: string | null;
}

const keyOf = (item: SidebarItem) => `${item.sidebarType} ${item.identifier}`;

/** The sidebar as a list whose lines are moved by mouse, touch, keyboard or menu. */
export default function Tree() {
  const items = useSidebar();
  const [naming, setNaming] = useState<SidebarItem | 'new'>();
  const may = useWhyNot('UpdatePage') === undefined;
  const move = useChange(({ item, parent, after }: Move) => (item.sidebarType === 'folder' ? patchFolder(item.identifier, { parent, after }) : patchPage(item.identifier, { parent, after })).then(() => undefined));
  const remove = useChange((item: SidebarItem) => (item.sidebarType === 'folder' ? deleteFolder(item.identifier) : deletePage(item.identifier)).then(() => undefined));
  const sensors = useSensors(useSensor(PointerSensor, { activationConstraint: { distance: 4 } }), useSensor(KeyboardSensor, { coordinateGetter: sortableKeyboardCoordinates }));
  const moved = ({ active, over }: DragEndEvent) => {
    const from = items.findIndex((item) => keyOf(item) === active.id);
    const to = items.findIndex((item) => keyOf(item) === over?.id);
    const [item, target] = [items[from], items[to]];
    if (!item || !target || item === target) return;
    move.mutate({ item, ...placeAt(items, item, target, from < to) });
  };
  return (
    <div className={classes.content}>
      <div aria-live="assertive">{(move.error ?? remove.error) && <ProblemLine level="error" message={(move.error ?? remove.error)?.message ?? ''} />}</div>
      {items.length === 0 && <Empty title="There are no pages yet.">Blueprints bring their pages with them, and “New dashboard” makes one of your own.</Empty>}
      <DndContext sensors={sensors} collisionDetection={closestCenter} onDragEnd={moved} accessibility={{ announcements: announcements((id) => items.find((item) => keyOf(item) === id)?.title ?? 'the line') }}>
        <SortableContext items={items.map(keyOf)} strategy={verticalListSortingStrategy}>
          <ul className={classes.tree}>
            {items.map((item) => (
              <Line
                key={keyOf(item)}
                item={item}
                depth={depthOf(items, item)}
                items={items}
                may={may}
                onMove={(parent, after) => move.mutate({ item, parent, after })}
                onRename={() => setNaming(item)}
                onRemove={() => remove.mutate(item)}
              />
            ))}
          </ul>
        </SortableContext>
      </DndContext>
      <Allowed action="CreatePage">
        <Button variant="default" leftSection={<IconFolderPlus size={14} aria-hidden />} onClick={() => setNaming('new')} className={classes.add}>
          New folder…
        </Button>
      </Allowed>
      <Modal opened={naming !== undefined} onClose={() => setNaming(undefined)} title={naming === 'new' ? 'New folder' : 'Rename'}>
        {naming && <NameForm key={naming === 'new' ? '' : keyOf(naming)} item={naming === 'new' ? undefined : naming} onDone={() => setNaming(undefined)} />}
      </Modal>
    </div>
  );
}

const siblingsOf = (items: SidebarItem[], parent: string | undefined) => items.filter((item) => item.parent === parent);

/** Beside the line that it was dropped on: behind it when it came from above, else before it. */
function placeAt(items: SidebarItem[], item: SidebarItem, target: SidebarItem, down: boolean) {
  const parent = target.parent ?? null;
  if (down) return { parent, after: target.identifier };
  const siblings = siblingsOf(items, target.parent).filter((one) => one !== item);
  return { parent, after: siblings[siblings.indexOf(target) - 1]?.identifier ?? null };
}

function depthOf(items: SidebarItem[], item: SidebarItem): number {
  let depth = 0;
  let parent = item.parent;
  while (parent !== undefined && depth < 5) {
    depth += 1;
    parent = items.find((one) => one.sidebarType === 'folder' && one.identifier === parent)?.parent;
  }
  return depth;
}

interface LineProps {
  item: SidebarItem;
  depth: number;
  items: SidebarItem[];
  may: boolean;
  onMove: (parent: string | null, after: string | null) => void;
  onRename: () => void;
  onRemove: () => void;
}

function Line({ item, depth, items, may, onMove, onRename, onRemove }: LineProps) {
  const { attributes, listeners, setNodeRef, setActivatorNodeRef, transform, transition, isDragging } = useSortable({ id: keyOf(item), disabled: !may });
  const style: CSSProperties = { paddingLeft: 6 + depth * 22, transform: transform ? `translate3d(0, ${transform.y}px, 0)` : undefined, transition };
  const siblings = siblingsOf(items, item.parent);
  const at = siblings.indexOf(item);
  const folders = items.filter((one) => one.sidebarType === 'folder' && one !== item && one.identifier !== item.parent);
  return (
    <li ref={setNodeRef} style={style} className={classes.treeLine} data-dragging={isDragging || undefined}>
      {may && (
        <ActionIcon ref={setActivatorNodeRef} {...attributes} {...listeners} variant="subtle" color="gray" size="sm" className={classes.grip} aria-label={`Move ${item.title}`} title="Drag, or press Space and use the arrow keys">
          <IconGripVertical size={15} />
        </ActionIcon>
      )}
      {item.sidebarType === 'folder' ? <IconFolder size={15} stroke={1.6} aria-label="Folder" role="img" /> : <BlueprintIcon blueprint={item.blueprint ?? item.identifier} icon={item.icon} />}
      {item.sidebarType === 'folder' ? (
        <span className={classes.treeTitle}>{item.title}</span>
      ) : (
        <Link to="/pages/$page" params={{ page: item.identifier }} className={classes.treeTitle}>
          {item.title}
        </Link>
      )}
      {may && (
        <Menu position="bottom-end">
          <Menu.Target>
            <ActionIcon variant="subtle" color="gray" size="sm" aria-label={`Change ${item.title}`}>
              <IconDotsVertical size={15} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={onRename}>Rename…</Menu.Item>
            <Menu.Item disabled={at <= 0} onClick={() => onMove(item.parent ?? null, siblings[at - 2]?.identifier ?? null)}>
              Move up
            </Menu.Item>
            <Menu.Item disabled={at === siblings.length - 1} onClick={() => onMove(item.parent ?? null, siblings[at + 1]?.identifier ?? null)}>
              Move down
            </Menu.Item>
            {item.parent !== undefined && <Menu.Item onClick={() => onMove(null, null)}>Move out of its folder</Menu.Item>}
            {folders.map((folder) => (
              <Menu.Item key={folder.identifier} onClick={() => onMove(folder.identifier, null)}>
                Move into “{folder.title}”
              </Menu.Item>
            ))}
            <Menu.Divider />
            {item.sidebarType === 'folder' ? (
              <Menu.Item color="red" onClick={onRemove}>
                Remove the folder; what is in it stays
              </Menu.Item>
            ) : (
              <Menu.Item component={Link} to="/pages/$page" params={{ page: item.identifier } as never}>
                Open, edit or delete
              </Menu.Item>
            )}
          </Menu.Dropdown>
        </Menu>
      )}
    </li>
  );
}

function NameForm({ item, onDone }: { item: SidebarItem | undefined; onDone: () => void }) {
  const [title, setTitle] = useState(item?.title ?? '');
  const save = useChange(async () => {
    if (!item) await createFolder(identifierOf(title), title.trim());
    else if (item.sidebarType === 'folder') await patchFolder(item.identifier, { title: title.trim() });
    else await patchPage(item.identifier, { title: title.trim() });
  }, onDone);
  return (
    <Form
      onSubmit={() => save.mutate(undefined)}
      error={save.error}
      buttons={
        <>
          <Button variant="default" onClick={onDone}>
            Cancel
          </Button>
          <Button type="submit" loading={save.isPending} disabled={title.trim() === ''}>
            Save
          </Button>
        </>
      }
    >
      <TextInput label="Title" required withAsterisk={false} maxLength={100} value={title} onChange={(event) => setTitle(event.currentTarget.value)} data-autofocus />
    </Form>
  );
}

const identifierOf = (title: string) => title.trim().toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '') || `folder-${Date.now().toString(36)}`;
