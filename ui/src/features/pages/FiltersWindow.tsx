import { ActionIcon, Button, Modal, TextInput } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import type { PageFilter } from '~/api/pages';
import { newId } from './draft';
import classes from './pages.module.css';
import { QueryField } from './QueryField';

interface FiltersWindowProps {
  opened: boolean;
  filters: PageFilter[];
  onClose: () => void;
  onChange: (filters: PageFilter[]) => void;
}

/** Conditions that a reader may switch on for the whole page. */
export function FiltersWindow({ opened, filters, onClose, onChange }: FiltersWindowProps) {
  const [title, setTitle] = useState('');
  const [rules, setRules] = useState<unknown[]>();
  const [text, setText] = useState('');
  const add = () => {
    onChange([...filters, { identifier: newId(), title: title.trim() || text, query: { combinator: 'and', rules } }]);
    setTitle('');
    setRules(undefined);
    setText('');
  };
  return (
    <Modal opened={opened} onClose={onClose} title="Filters of the page">
      <p className="sd-dim">Each is a button above the page; whoever switches it on sees only what it says, in every widget.</p>
      <ul className={classes.filterList}>
        {filters.map((filter) => (
          <li key={filter.identifier}>
            <span>{filter.title}</span>
            <ActionIcon variant="subtle" color="gray" aria-label={`Remove the filter ${filter.title}`} onClick={() => onChange(filters.filter((one) => one !== filter))}>
              <IconTrash size={15} />
            </ActionIcon>
          </li>
        ))}
      </ul>
      <div className={classes.newFilter}>
        <TextInput label="Name of a new filter" value={title} onChange={(event) => setTitle(event.currentTarget.value)} />
        <QueryField
          key={filters.length}
          label="Only what satisfies"
          text={text}
          onRules={(read, typed) => {
            setRules(read);
            setText(typed);
          }}
        />
        <Button variant="default" onClick={add} disabled={rules === undefined || rules.length === 0}>
          Add the filter
        </Button>
      </div>
    </Modal>
  );
}
