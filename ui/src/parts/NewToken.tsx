import { Button, Checkbox, Radio, Select, TagsInput, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { scopesByNoun, scopesQuery, type NewToken as Body } from '~/api/tokens';
import { Form } from '~/kit/Form';
import { words } from '~/lib/text';
import classes from './parts.module.css';

const lives = [
  { value: '7', label: '7 days' },
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
  { value: '365', label: 'One year' },
  { value: '', label: 'Until it is revoked' },
];

interface NewTokenProps {
  busy: boolean;
  error: Error | null;
  onMake: (body: Body) => void;
  onCancel: () => void;
}

/** What a new token is called, may do, and for how long. */
export function NewToken({ busy, error, onMake, onCancel }: NewTokenProps) {
  const [name, setName] = useState('');
  const [life, setLife] = useState('90');
  const [limited, setLimited] = useState('limited');
  const [scopes, setScopes] = useState<string[]>(['read:entities', 'read:blueprints']);
  const [narrow, setNarrow] = useState<string[]>([]);
  const make = () =>
    onMake({ name: name.trim(), scopes: limited === 'limited' ? [...scopes, ...narrow] : null, expiresInDays: life === '' ? null : Number(life) });
  return (
    <Form
      onSubmit={make}
      error={error}
      buttons={
        <>
          <Button variant="default" onClick={onCancel}>
            Cancel
          </Button>
          <Button type="submit" loading={busy} disabled={limited === 'limited' && scopes.length + narrow.length === 0}>
            Make the token
          </Button>
        </>
      }
    >
      <TextInput label="Name" description="For you to know it again." required withAsterisk={false} data-autofocus value={name} onChange={(event) => setName(event.currentTarget.value)} />
      <Select label="Good for" data={lives} value={life} onChange={(value) => setLife(value ?? '90')} allowDeselect={false} />
      <Radio.Group label="May do" value={limited} onChange={setLimited}>
        <div className={classes.choices}>
          <Radio value="limited" label="Only this:" />
          {limited === 'limited' && (
            <>
              <ScopePicker chosen={scopes} onChange={setScopes} />
              <TagsInput
                label="For one thing only"
                description={
                  <>
                    Such as <code>update:entities:service</code>, for the entities of one blueprint.
                  </>
                }
                value={narrow}
                onChange={setNarrow}
              />
            </>
          )}
          <Radio value="all" label="Whatever its owner may, now and later" />
        </div>
      </Radio.Group>
    </Form>
  );
}

function ScopePicker({ chosen, onChange }: { chosen: string[]; onChange: (scopes: string[]) => void }) {
  const { data = [] } = useQuery(scopesQuery);
  return (
    <Checkbox.Group value={chosen} onChange={onChange} aria-label="Scopes">
      <div className={classes.scopes}>
        {scopesByNoun(data).map(([noun, scopes]) => (
          <div key={noun} role="group" aria-label={words(noun)}>
            <div className={classes.noun}>{words(noun)}</div>
            {scopes.map(({ scope, words: what }) => (
              <Checkbox key={scope} className={classes.scope} value={scope} label={what.join(', ')} description={<code>{scope}</code>} />
            ))}
          </div>
        ))}
      </div>
    </Checkbox.Group>
  );
}
