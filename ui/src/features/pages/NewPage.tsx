import { Button, Radio, TextInput } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { createPage, patchPage } from '~/api/pages';
import { Form } from '~/kit/Form';
import { useModel } from '~/parts/model';
import { useChange } from '~/parts/useChange';
import classes from './pages.module.css';
import { templates } from './templates';

/** A new dashboard, from a template over what the catalog has. */
export function NewPage() {
  const { blueprints } = useModel();
  const navigate = useNavigate();
  const [title, setTitle] = useState('');
  const [template, setTemplate] = useState('overview');
  const make = useChange(async () => {
    const chosen = templates.find((one) => one.id === template) ?? templates[0];
    const id = await createPage({ title: title.trim(), type: 'dashboard', icon: 'Dashboard', widgets: chosen?.make(blueprints) ?? [] });
    // a new dashboard is the first thing that somebody wants to see
    await patchPage(id, { after: null });
    await navigate({ to: '/pages/$page', params: { page: id }, search: { edit: template === 'empty' || undefined } });
  });
  return (
    <Form
      onSubmit={() => make.mutate(undefined)}
      error={make.error}
      buttons={
        <Button type="submit" loading={make.isPending} disabled={title.trim() === ''}>
          Create
        </Button>
      }
    >
      <TextInput label="Title" required withAsterisk={false} maxLength={100} value={title} onChange={(event) => setTitle(event.currentTarget.value)} data-autofocus />
      <Radio.Group label="Begin with" value={template} onChange={setTemplate}>
        <div className={classes.templates}>
          {templates.map((one) => (
            <Radio key={one.id} value={one.id} label={one.title} description={one.description} />
          ))}
        </div>
      </Radio.Group>
    </Form>
  );
}
