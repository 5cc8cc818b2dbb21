import { Button, Modal, Tabs, TextInput } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { createBlueprint } from '~/api/blueprints';
import { Form } from '~/kit/Form';
import { BlueprintTemplates } from '~/parts/BlueprintTemplates';
import { useChange } from '~/parts/useChange';
import { keyOf } from './editor/draft';

/** Blueprints out of templates, or an empty one. */
export function NewBlueprint({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const navigate = useNavigate();
  const open = (blueprint: string) => void navigate({ to: '/model/$blueprint', params: { blueprint } });
  const made = (identifiers: string[]) => {
    const [first, second] = identifiers;
    if (first !== undefined && second === undefined) open(first);
    else onClose();
  };
  return (
    <Modal opened={opened} onClose={onClose} title="New blueprint" size="xl">
      <Tabs defaultValue="templates" keepMounted={false}>
        <Tabs.List mb={14}>
          <Tabs.Tab value="templates">From templates</Tabs.Tab>
          <Tabs.Tab value="empty">Empty</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="templates">
          <BlueprintTemplates onDone={made} />
        </Tabs.Panel>
        <Tabs.Panel value="empty">
          <EmptyOne onDone={open} onClose={onClose} />
        </Tabs.Panel>
      </Tabs>
    </Modal>
  );
}

function EmptyOne({ onDone, onClose }: { onDone: (identifier: string) => void; onClose: () => void }) {
  const [title, setTitle] = useState('');
  const [written, setWritten] = useState<string>();
  const identifier = written ?? keyOf(title);
  const create = useChange(
    () => createBlueprint({ identifier, title, schema: { properties: {}, required: [] }, relations: {} }),
    () => onDone(identifier),
  );
  return (
    <Form
      onSubmit={() => create.mutate(undefined)}
      error={create.error}
      buttons={
        <>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={create.isPending} disabled={title.trim() === '' || identifier === ''}>
            Create
          </Button>
        </>
      }
    >
      <TextInput label="Title" placeholder="Database" maxLength={100} value={title} onChange={(event) => setTitle(event.currentTarget.value)} />
      <TextInput
        label="Identifier"
        description="What files, programs and addresses call it."
        maxLength={100}
        value={identifier}
        onChange={(event) => setWritten(event.currentTarget.value)}
      />
    </Form>
  );
}
