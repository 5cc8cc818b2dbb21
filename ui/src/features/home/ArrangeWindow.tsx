import { Button, Modal, NativeSelect, Switch, TextInput } from '@mantine/core';
import { IconArrowDown, IconArrowUp, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { putLayout } from '~/api/home';
import { Form } from '~/kit/Form';
import { useCatalogBlueprints } from '~/parts/model';
import { useChange } from '~/parts/useChange';
import classes from './home.module.css';
import { stored, type Arranged } from './sections';

/** Order, visibility and tables of one's own. Kept on the server, so it is the same on every device. */
export function ArrangeWindow({ arranged, onClose }: { arranged: Arranged[]; onClose: () => void }) {
  const [all, setAll] = useState(arranged);
  const save = useChange(() => putLayout(stored(all)), onClose);
  const reset = useChange(() => putLayout(null), onClose);
  const move = (from: number, to: number) => {
    const next = [...all];
    const [one] = next.splice(from, 1);
    if (one) next.splice(to, 0, one);
    setAll(next);
  };
  return (
    <Modal opened onClose={onClose} title="Arrange the page" size={560}>
      <Form
        onSubmit={() => save.mutate(undefined)}
        error={save.error ?? reset.error}
        buttons={
          <>
            <Button variant="subtle" loading={reset.isPending} onClick={() => reset.mutate(undefined)}>
              As it came
            </Button>
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={save.isPending}>
              Save
            </Button>
          </>
        }
      >
        <ul className={classes.arrange} aria-label="Sections">
          {all.map((section, i) => (
            <li key={section.id}>
              <Switch
                size="xs"
                label={section.title}
                checked={!section.hidden}
                onChange={(event) => setAll(all.map((one) => (one === section ? { ...one, hidden: !event.currentTarget.checked } : one)))}
              />
              <span className={classes.arrangeButtons}>
                {section.table && (
                  <IconButton label={`Remove ${section.title}`} onClick={() => setAll(all.filter((one) => one !== section))} icon={<IconTrash size={15} stroke={1.6} aria-hidden />} />
                )}
                <IconButton label={`${section.title} up`} disabled={i === 0} onClick={() => move(i, i - 1)} icon={<IconArrowUp size={15} stroke={1.6} aria-hidden />} />
                <IconButton label={`${section.title} down`} disabled={i === all.length - 1} onClick={() => move(i, i + 1)} icon={<IconArrowDown size={15} stroke={1.6} aria-hidden />} />
              </span>
            </li>
          ))}
        </ul>
        <AddTable onAdd={(table) => setAll([...all, { id: `table-${crypto.randomUUID()}`, title: table.title, hidden: false, table }])} />
      </Form>
    </Modal>
  );
}

function IconButton({ label, disabled, onClick, icon }: { label: string; disabled?: boolean; onClick: () => void; icon: React.ReactNode }) {
  return (
    <Button variant="subtle" color="gray" size="compact-xs" aria-label={label} disabled={disabled} onClick={onClick}>
      {icon}
    </Button>
  );
}

function AddTable({ onAdd }: { onAdd: (table: NonNullable<Arranged['table']>) => void }) {
  const blueprints = useCatalogBlueprints();
  const [title, setTitle] = useState('');
  const [blueprint, setBlueprint] = useState('');
  const [query, setQuery] = useState('');
  const add = () => {
    const named = title.trim() || blueprints.find(({ identifier }) => identifier === blueprint)?.title || 'Table';
    onAdd({ title: named, blueprint: blueprint || undefined, query: query.trim() || undefined });
    setTitle('');
    setQuery('');
  };
  return (
    <fieldset className={classes.fieldset}>
      <legend>Add a table</legend>
      <NativeSelect
        label="Of"
        size="xs"
        value={blueprint}
        onChange={(event) => setBlueprint(event.currentTarget.value)}
        data={[{ value: '', label: 'Everything' }, ...blueprints.map(({ identifier, title }) => ({ value: identifier, label: title }))]}
      />
      <TextInput label="Title" value={title} maxLength={100} onChange={(event) => setTitle(event.currentTarget.value)} />
      <TextInput label="Query" description="As in the query bar of a table. Empty: all." value={query} onChange={(event) => setQuery(event.currentTarget.value)} />
      <Button variant="default" disabled={!blueprint && !query.trim()} onClick={add}>
        Add
      </Button>
    </fieldset>
  );
}
