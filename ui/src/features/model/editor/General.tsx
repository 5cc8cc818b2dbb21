import { Select, TextInput } from '@mantine/core';
import type { Body } from '~/api/blueprints';
import { useEditing, useFault } from './context';
import { patched, text, type Definition } from './draft';
import classes from './editor.module.css';
import { PathPicker } from './PathPicker';

const texts = [
  { key: 'title', label: 'Title', maxLength: 100 },
  { key: 'icon', label: 'Icon', description: 'A word such as Service, Cluster or Alert; the identifier decides where it says enough.' },
  { key: 'description', label: 'Description', maxLength: 200 },
];

/** What the blueprint itself is called, and who owns its entities. */
export function General() {
  const { draft, why } = useEditing();
  const titleFault = useFault('/title');
  const put = (patch: Body) => draft.setBody(patched(draft.body, patch));
  return (
    <fieldset className={classes.partBody} disabled={why !== undefined} aria-label="General">
      {texts.map(({ key, ...field }) => (
        <TextInput
          key={key}
          {...field}
          maw={480}
          value={text(draft.body[key])}
          error={key === 'title' ? titleFault : undefined}
          onChange={(event) => (key === 'title' ? draft.setBody({ ...draft.body, title: event.currentTarget.value }) : put({ [key]: event.currentTarget.value }))}
        />
      ))}
      <Ownership />
    </fieldset>
  );
}

function Ownership() {
  const { blueprint, draft } = useEditing();
  const fault = useFault('/ownership');
  const ownership = (draft.body.ownership ?? {}) as Definition;
  const inherited = ownership.type === 'Inherited';
  const put = (next: Definition | undefined) => draft.setBody(patched(draft.body, { ownership: next }));
  const path = text(ownership.path).split('.').filter(Boolean);
  return (
    <>
      <Select
        label="Owning teams"
        data={[
          { value: 'Direct', label: 'Each entity says which teams own it' },
          { value: 'Inherited', label: 'They are those of an entity that it leads to' },
        ]}
        value={inherited ? 'Inherited' : 'Direct'}
        onChange={(type) => put(type === 'Inherited' ? { type, path: '' } : { ...(text(ownership.title) && { title: ownership.title }), type: 'Direct' })}
        allowDeselect={false}
        maw={480}
        error={fault}
      />
      {inherited && <PathPicker label="Inherited through" from={blueprint} path={path} single onChange={(next) => put({ ...ownership, path: next.join('.') })} />}
      <TextInput
        label="What owning teams are called here"
        placeholder="Owning Teams"
        maw={480}
        value={text(ownership.title)}
        onChange={(event) => put(patched({ type: 'Direct', ...ownership }, { title: event.currentTarget.value }))}
      />
    </>
  );
}
