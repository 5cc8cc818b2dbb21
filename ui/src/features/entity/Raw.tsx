import { SegmentedControl } from '@mantine/core';
import type { EntityResult } from '~/api/types';
import { CodeBlock } from '~/kit/CodeBlock';
import type { Form } from './search';
import classes from './entity.module.css';

interface RawProps {
  data: EntityResult;
  form: Form | undefined;
  onForm: (form: Form) => void;
}

/** The entity as each dialect writes it. */
export function Raw({ data, form, onForm }: RawProps) {
  const offered = [
    ...(data.yaml ? [{ value: 'yaml', label: 'YAML', text: data.yaml }] : []),
    ...(data.backstage ? [{ value: 'backstage', label: 'Backstage JSON', text: JSON.stringify(data.backstage, null, 2) }] : []),
    { value: 'port', label: 'Port JSON', text: JSON.stringify(data.port, null, 2) },
  ];
  const chosen = offered.find(({ value }) => value === form) ?? offered[0];
  if (!chosen) return null;
  return (
    <div className={classes.raw}>
      <SegmentedControl
        size="xs"
        aria-label="Form"
        data={offered.map(({ value, label }) => ({ value, label }))}
        value={chosen.value}
        onChange={(value) => onForm(value as Form)}
      />
      <CodeBlock key={chosen.value} text={chosen.text} language={chosen.value === 'yaml' ? 'yaml' : 'json'} label={chosen.label} />
    </div>
  );
}
