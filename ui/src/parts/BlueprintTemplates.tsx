import { Button, Checkbox } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { templatesQuery, type BlueprintTemplate } from '~/api/blueprints';
import { sendDocuments } from '~/api/queries';
import { Explained } from '~/kit/Explained';
import { Waiting } from '~/kit/Page';
import { ProblemLine } from '~/kit/Problem';
import { fitted, leadsTo } from '~/lib/templates';
import { count } from '~/lib/text';
import { BlueprintIcon } from './BlueprintIcon';
import { useModel } from './model';
import classes from './BlueprintTemplates.module.css';
import { useWhyNot } from './session';
import { useChange } from './useChange';

/** Common blueprints to begin with: one or several, with the relations between them. `onDone` is told what was made. */
export function BlueprintTemplates({ onDone }: { onDone: (identifiers: string[]) => void }) {
  const model = useModel();
  const why = useWhyNot('CreateBlueprint');
  const { data: templates, error } = useQuery(templatesQuery);
  const [chosen, setChosen] = useState<string[]>([]);
  const existing = model.blueprints.map(({ identifier }) => identifier);
  const create = useChange(async () => {
    const bodies = (templates ?? []).filter(({ identifier }) => chosen.includes(identifier)).map(({ blueprint }) => blueprint);
    const { rejected } = await sendDocuments(JSON.stringify(fitted(bodies, existing)), false);
    if (rejected[0]) throw new Error(rejected[0].message);
    return chosen;
  }, onDone);
  if (error) return <ProblemLine level="error" message={error.message} />;
  if (!templates) return <Waiting lines={6} />;
  const known = new Set([...existing, ...chosen]);
  const toggle = (identifier: string) => setChosen(chosen.includes(identifier) ? chosen.filter((one) => one !== identifier) : [...chosen, identifier]);
  const categories = [...new Set(templates.map(({ category }) => category))];
  return (
    <div className={classes.templates}>
      {categories.map((category) => (
        <fieldset key={category} className={classes.category}>
          <legend>{category}</legend>
          {templates
            .filter((template) => template.category === category)
            .map((template) => (
              <Template
                key={template.identifier}
                template={template}
                exists={template.exists || existing.includes(template.identifier)}
                checked={chosen.includes(template.identifier)}
                leads={leadsTo(template.blueprint, known).map((target) => templates.find(({ identifier }) => identifier === target)?.title ?? target)}
                onToggle={() => toggle(template.identifier)}
              />
            ))}
        </fieldset>
      ))}
      {create.error && <ProblemLine level="error" message={create.error.message} />}
      <div className={classes.buttons}>
        <Explained why={why}>
          <Button disabled={chosen.length === 0} loading={create.isPending} onClick={() => create.mutate(undefined)}>
            {chosen.length === 0 ? 'Create' : `Create ${count(chosen.length, 'blueprint')}`}
          </Button>
        </Explained>
        <span className="sd-dim">Everything about them can be changed later.</span>
      </div>
    </div>
  );
}

interface TemplateProps {
  template: BlueprintTemplate;
  exists: boolean;
  checked: boolean;
  /** Titles of what it would lead to. */
  leads: string[];
  onToggle: () => void;
}

function Template({ template: { identifier, title, summary, blueprint }, exists, checked, leads, onToggle }: TemplateProps) {
  const description = exists ? 'It is there already.' : checked && leads.length > 0 ? `${summary} Leads to ${leads.join(', ')}.` : summary;
  return (
    <Checkbox
      classNames={{ body: classes.card }}
      label={
        <span className={classes.title}>
          <BlueprintIcon blueprint={identifier} icon={typeof blueprint.icon === 'string' ? blueprint.icon : undefined} size={15} /> {title}
        </span>
      }
      description={description}
      checked={checked}
      disabled={exists}
      onChange={onToggle}
    />
  );
}
