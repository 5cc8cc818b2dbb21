import { Button, Popover, TextInput } from '@mantine/core';
import { useState } from 'react';
import { renamePart, type Renamed } from '~/api/blueprints';
import { Explained } from '~/kit/Explained';
import { Form } from '~/kit/Form';
import { useChange } from '~/parts/useChange';
import { useEditing } from './context';
import { definitions, renamed, withDefinitions, type Part } from './draft';

const parts: Record<Renamed, Part[]> = {
  property: ['properties', 'calculationProperties', 'aggregationProperties'],
  relation: ['relations'],
  mirror: ['mirrorProperties'],
};

interface RenameProps {
  part: Renamed;
  name: string;
  noun: string;
  onDone: (name: string) => void;
}

/** Another key. What is stored is renamed in the server at once, so that values move with it; what is new, in the draft. */
export function Rename({ part, name, noun, onDone }: RenameProps) {
  const { blueprint, stored, draft, why } = useEditing();
  const [opened, setOpened] = useState(false);
  const [to, setTo] = useState(name);
  const where = parts[part].find((one) => name in definitions(draft.body, one));
  const isStored = parts[part].some((one) => name in definitions(stored, one));
  const done = () => {
    setOpened(false);
    onDone(to);
  };
  const change = useChange(
    () => renamePart(blueprint, part, name, to),
    () => {
      draft.discard();
      done();
    },
  );
  const local = () => {
    if (where) draft.setBody(withDefinitions(draft.body, where, (all) => renamed(all, name, to)));
    done();
  };
  const unsaved = isStored && draft.dirty ? 'Save or discard your other changes first: values move with the name at once.' : undefined;
  return (
    <Popover withRoles={false} opened={opened} onChange={setOpened} position="bottom-start" trapFocus>
      <Popover.Target>
        <span>
          <Explained why={why ?? unsaved}>
            <Button variant="default" onClick={() => setOpened(!opened)} aria-label={`Rename ${noun} ${name}`}>
              Rename…
            </Button>
          </Explained>
        </span>
      </Popover.Target>
      <Popover.Dropdown>
        <Form
          onSubmit={() => (isStored ? change.mutate(undefined) : local())}
          error={change.error}
          buttons={
            <Button type="submit" loading={change.isPending} disabled={to === name || to === ''}>
              Rename
            </Button>
          }
        >
          <TextInput
            label="New key"
            description={isStored ? 'The values of all entities move with it, and whatever names it follows. JQ programs stay as they are.' : undefined}
            value={to}
            onChange={(event) => setTo(event.currentTarget.value)}
            data-autofocus
            maw={320}
          />
        </Form>
      </Popover.Dropdown>
    </Popover>
  );
}
