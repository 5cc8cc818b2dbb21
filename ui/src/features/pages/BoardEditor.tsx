import { closestCenter, DndContext, KeyboardSensor, PointerSensor, useSensor, useSensors, type DragEndEvent } from '@dnd-kit/core';
import { arrayMove, rectSortingStrategy, SortableContext, sortableKeyboardCoordinates, useSortable } from '@dnd-kit/sortable';
import { ActionIcon, Button, Menu } from '@mantine/core';
import { IconDotsVertical, IconGripVertical, IconPlus } from '@tabler/icons-react';
import { useState, type CSSProperties } from 'react';
import type { BoardJson, WidgetData, WidgetJson } from '~/api/pages';
import { Empty } from '~/kit/Page';
import { titleOf, Widget, widgetTypes } from '~/widgets';
import { announcements } from './announcements';
import { arranged, newId, placedOf, type Placed } from './draft';
import classes from './pages.module.css';
import { WidgetWindow } from './WidgetWindow';

interface BoardEditorProps {
  board: BoardJson;
  data: Record<string, WidgetData> | undefined;
  onChange: (board: BoardJson) => void;
}

const widths = [3, 4, 6, 8, 9, 12];
const heights: [string, number][] = [['Low', 150], ['Medium', 300], ['High', 420], ['Very high', 640]];

/** A board whose widgets are moved by mouse, touch or keyboard, resized by columns, configured and removed. */
export function BoardEditor({ board, data, onChange }: BoardEditorProps) {
  const [editing, setEditing] = useState<WidgetJson | 'new'>();
  const sensors = useSensors(useSensor(PointerSensor, { activationConstraint: { distance: 4 } }), useSensor(KeyboardSensor, { coordinateGetter: sortableKeyboardCoordinates }));
  const placed = placedOf(board);
  const put = (all: Placed[]) => onChange(arranged(board, all));
  const moved = ({ active, over }: DragEndEvent) => {
    const from = placed.findIndex(({ widget }) => widget.id === active.id);
    const to = placed.findIndex(({ widget }) => widget.id === over?.id);
    if (from >= 0 && to >= 0 && from !== to) put(arrayMove(placed, from, to));
  };
  const nameOf = (id: unknown) => {
    const found = placed.find(({ widget }) => widget.id === id);
    return found ? titleOf(found.widget) : 'the widget';
  };
  const save = (widget: WidgetJson) => {
    const known = placed.some((one) => one.widget.id === widget.id);
    const size = widgetTypes[widget.type]?.size ?? 6;
    put(known ? placed.map((one) => (one.widget.id === widget.id ? { ...one, widget } : one)) : [...placed, { widget, size, height: size === 3 ? 150 : 300 }]);
    setEditing(undefined);
  };
  return (
    <>
      {placed.length === 0 && <Empty title="This board is empty.">Add a widget: it shows real data while you choose it.</Empty>}
      <DndContext sensors={sensors} collisionDetection={closestCenter} onDragEnd={moved} accessibility={{ announcements: announcements(nameOf) }}>
        <SortableContext items={placed.map(({ widget }) => widget.id ?? '')} strategy={rectSortingStrategy}>
          <div className={classes.grid}>
            {placed.map((one, at) => (
              <Sortable
                key={one.widget.id}
                placed={one}
                data={data?.[one.widget.id ?? '']}
                onEdit={() => setEditing(one.widget)}
                onChange={(changed) => put(placed.map((other, n) => (n === at ? changed : other)))}
                onMove={(by) => put(arrayMove(placed, at, Math.max(0, at + by)))}
                onCopy={() => put([...placed.slice(0, at + 1), { ...one, widget: { ...one.widget, id: newId() } }, ...placed.slice(at + 1)])}
                onRemove={() => put(placed.filter((_, n) => n !== at))}
                first={at === 0}
                last={at === placed.length - 1}
              />
            ))}
          </div>
        </SortableContext>
      </DndContext>
      <Button variant="default" leftSection={<IconPlus size={14} aria-hidden />} onClick={() => setEditing('new')} className={classes.add}>
        Add a widget
      </Button>
      {editing && <WidgetWindow widget={editing === 'new' ? undefined : editing} onClose={() => setEditing(undefined)} onSave={save} />}
    </>
  );
}

interface SortableProps {
  placed: Placed;
  data: WidgetData | undefined;
  onEdit: () => void;
  onChange: (placed: Placed) => void;
  onMove: (by: number) => void;
  onCopy: () => void;
  onRemove: () => void;
  first: boolean;
  last: boolean;
}

function Sortable({ placed, data, onEdit, onChange, onMove, onCopy, onRemove, first, last }: SortableProps) {
  const { widget, size, height } = placed;
  const { attributes, listeners, setNodeRef, setActivatorNodeRef, transform, transition, isDragging } = useSortable({ id: widget.id ?? '' });
  const style: CSSProperties = {
    gridColumn: `span ${size}`,
    minHeight: height,
    maxHeight: Math.max(height, 200),
    transform: transform ? `translate3d(${transform.x}px, ${transform.y}px, 0)` : undefined,
    transition,
  };
  const tools = (
    <span className={classes.tools}>
      <ActionIcon ref={setActivatorNodeRef} {...attributes} {...listeners} variant="subtle" color="gray" size="sm" className={classes.grip} aria-label={`Move ${titleOf(widget)}`} title="Drag, or press Space and use the arrow keys">
        <IconGripVertical size={15} />
      </ActionIcon>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" size="sm" aria-label={`Change ${titleOf(widget)}`}>
            <IconDotsVertical size={15} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={onEdit}>Configure…</Menu.Item>
          <Menu.Item onClick={onCopy}>Duplicate</Menu.Item>
          <Menu.Item onClick={() => onMove(-1)} disabled={first}>
            Move back
          </Menu.Item>
          <Menu.Item onClick={() => onMove(1)} disabled={last}>
            Move on
          </Menu.Item>
          <Menu.Label>Width</Menu.Label>
          {widths.map((width) => (
            <Menu.Item key={width} onClick={() => onChange({ ...placed, size: width })} aria-current={width === size || undefined}>
              {width === 12 ? 'Whole row' : `${width} of 12 columns`}
              {width === size && ' ✓'}
            </Menu.Item>
          ))}
          <Menu.Label>Height</Menu.Label>
          {heights.map(([name, pixels]) => (
            <Menu.Item key={name} onClick={() => onChange({ ...placed, height: pixels })} aria-current={pixels === height || undefined}>
              {name}
              {pixels === height && ' ✓'}
            </Menu.Item>
          ))}
          <Menu.Divider />
          <Menu.Item color="red" onClick={onRemove}>
            Remove
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </span>
  );
  return (
    <div ref={setNodeRef} style={style} className={classes.slot} data-dragging={isDragging || undefined}>
      <Widget widget={widget} data={data} tools={tools} />
    </div>
  );
}
