import { Button, Checkbox, Menu, Modal, TextInput } from '@mantine/core';
import { IconBookmark, IconCheck, IconLock, IconUsers } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { createView, deleteView, updateView, viewInput, type SavedView, type ViewInput } from '~/api/tables';
import { Form } from '~/kit/Form';
import { useWhyNot } from '../session';
import { useChange } from '../useChange';
import classes from './table.module.css';

interface ViewMenuProps {
  view: SavedView | undefined;
  views: SavedView[];
  blueprint?: string;
  /** What the table shows now. */
  current: Pick<ViewInput, 'query' | 'sort' | 'columns' | 'group' | 'widths'>;
}

type Asking = 'new' | 'rename' | 'delete';

/** Views that were saved: open one, save what is on screen under a name. */
export function ViewMenu({ view, views, blueprint, current }: ViewMenuProps) {
  const navigate = useNavigate();
  const [asking, setAsking] = useState<Asking>();
  const change = useChange((body: ViewInput) => updateView(view?.id ?? '', body));
  const open = (id: string) => void navigate({ to: '/views/$id', params: { id }, search: {} });
  const set = (part: Partial<ViewInput>) => view && change.mutate({ ...viewInput(view), ...part });
  const save = () => view && change.mutate({ ...viewInput(view), ...current }, { onSuccess: () => open(view.id) });
  return (
    <>
      <Menu position="bottom-end" width={250}>
        <Menu.Target>
          <button type="button" className={classes.tool}>
            <IconBookmark size={15} stroke={1.6} aria-hidden />
            {view ? view.title : 'Views'}
            {view?.locked && <IconLock size={12} role="img" aria-label="locked" />}
          </button>
        </Menu.Target>
        <Menu.Dropdown>
          {views.length > 0 && <Menu.Label>Views</Menu.Label>}
          {views.map((one) => (
            <Menu.Item key={one.id} leftSection={one.shared ? <IconUsers size={14} role="img" aria-label="shared" /> : <IconBookmark size={14} aria-hidden />} rightSection={one.id === view?.id && <IconCheck size={14} aria-hidden />} onClick={() => open(one.id)}>
              {one.title}
            </Menu.Item>
          ))}
          {views.length > 0 && <Menu.Divider />}
          {view?.editable && (
            <>
              <Menu.Item disabled={view.locked} onClick={save}>
                Save
              </Menu.Item>
              <Menu.Item disabled={view.locked} onClick={() => setAsking('rename')}>
                Rename…
              </Menu.Item>
              <Menu.Item onClick={() => set({ locked: !view.locked })}>{view.locked ? 'Unlock' : 'Lock'}</Menu.Item>
              <Menu.Item disabled={view.locked} onClick={() => set({ shared: !view.shared, default: false })}>
                {view.shared ? 'Keep for myself' : 'Share with everybody'}
              </Menu.Item>
              {blueprint && (
                <Menu.Item disabled={view.locked} onClick={() => set({ default: !view.default })}>
                  {view.default ? 'Do not open with it' : 'Open the table with it'}
                </Menu.Item>
              )}
              <Menu.Item color="red" disabled={view.locked} onClick={() => setAsking('delete')}>
                Delete…
              </Menu.Item>
              <Menu.Divider />
            </>
          )}
          <Menu.Item onClick={() => setAsking('new')}>Save as…</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {change.error && <Modal opened onClose={() => change.reset()} title="The view is not changed">{change.error.message}</Modal>}
      {asking === 'new' && <NewView blueprint={blueprint} current={current} onClose={() => setAsking(undefined)} onSaved={open} />}
      {asking === 'rename' && view && <Rename view={view} onClose={() => setAsking(undefined)} />}
      {asking === 'delete' && view && (
        <DeleteView view={view} onClose={() => setAsking(undefined)} onGone={() => void navigate(blueprint ? { to: '/catalog/$blueprint', params: { blueprint }, search: {} } : ({ to: '/query', search: {} }))} />
      )}
    </>
  );
}

function NewView({ blueprint, current, onClose, onSaved }: { blueprint?: string; current: ViewMenuProps['current']; onClose: () => void; onSaved: (id: string) => void }) {
  const [title, setTitle] = useState('');
  const [shared, setShared] = useState(false);
  const [isDefault, setDefault] = useState(false);
  const notForAll = useWhyNot('UpdatePage');
  const { mutate, isPending, error } = useChange(createView, ({ id }) => {
    onClose();
    onSaved(id);
  });
  return (
    <Modal opened onClose={onClose} title="Save as a view">
      <Form onSubmit={() => mutate({ ...current, title: title.trim(), blueprint, shared, default: isDefault && !(shared && notForAll) })} error={error} buttons={<Buttons onClose={onClose} busy={isPending} label="Save" />}>
        <TextInput label="Name" value={title} onChange={(event) => setTitle(event.currentTarget.value)} required data-autofocus />
        <Checkbox label="Everybody sees it" checked={shared} onChange={(event) => setShared(event.currentTarget.checked)} />
        {blueprint && !(shared && notForAll) && (
          <Checkbox label={shared ? 'The table opens with it, for everybody' : 'The table opens with it, for me'} checked={isDefault} onChange={(event) => setDefault(event.currentTarget.checked)} />
        )}
      </Form>
    </Modal>
  );
}

function Rename({ view, onClose }: { view: SavedView; onClose: () => void }) {
  const [title, setTitle] = useState(view.title);
  const { mutate, isPending, error } = useChange((body: ViewInput) => updateView(view.id, body), onClose);
  return (
    <Modal opened onClose={onClose} title="Rename the view">
      <Form onSubmit={() => mutate({ ...viewInput(view), title: title.trim() })} error={error} buttons={<Buttons onClose={onClose} busy={isPending} label="Rename" />}>
        <TextInput label="Name" value={title} onChange={(event) => setTitle(event.currentTarget.value)} required data-autofocus />
      </Form>
    </Modal>
  );
}

function DeleteView({ view, onClose, onGone }: { view: SavedView; onClose: () => void; onGone: () => void }) {
  const { mutate, isPending, error } = useChange(deleteView, onGone);
  return (
    <Modal opened onClose={onClose} title={`Delete the view “${view.title}”`}>
      <Form onSubmit={() => mutate(view.id)} error={error} buttons={<Buttons onClose={onClose} busy={isPending} label="Delete" color="red" />}>
        <p>{view.shared ? 'It goes for everybody; the entities stay.' : 'The entities stay.'} Links to it lead nowhere then.</p>
      </Form>
    </Modal>
  );
}

function Buttons({ onClose, busy, label, color }: { onClose: () => void; busy: boolean; label: string; color?: string }) {
  return (
    <>
      <Button variant="default" onClick={onClose}>
        Cancel
      </Button>
      <Button type="submit" color={color} loading={busy}>
        {label}
      </Button>
    </>
  );
}
