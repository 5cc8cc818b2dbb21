import { SegmentedControl } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { rawQuery } from '~/api/entity';
import type { EntityResult } from '~/api/types';
import { CodeBlock } from '~/kit/CodeBlock';
import { Mono } from '~/kit/Mono';
import { Section, Waiting } from '~/kit/Page';
import { ProblemLine } from '~/kit/Problem';
import { StateMark } from '~/kit/StateMark';
import { Time } from '~/kit/Time';
import classes from './entity.module.css';
import { Place } from './Place';
import type { Form } from './search';

interface SourceProps {
  data: EntityResult;
  form: Form | undefined;
  onForm: (form: Form) => void;
}

/** Where the entity comes from, and how each dialect writes it. */
export function Source({ data, form, onForm }: SourceProps) {
  const { source, entity, conflicts } = data;
  return (
    <>
      <Section title="Where it comes from">
        <dl className={classes.list}>
          {source && (
            <>
              <Fact name="Supplied by">{source.kind === 'api' ? 'the API' : 'a source'}</Fact>
              <Fact name={source.kind === 'api' ? 'Written by' : 'Target'}>
                <Place target={source.target} />
              </Fact>
              {source.file && (
                <Fact name="File">
                  <Place target={source.file} line={source.line} />
                </Fact>
              )}
              {source.kind !== 'api' && (
                <Fact name="State">
                  <StateMark state={source.state} />
                </Fact>
              )}
              {source.lastSeen && (
                <Fact name="Last seen">
                  <Time iso={source.lastSeen} />
                </Fact>
              )}
            </>
          )}
          {conflicts.map(({ file, line }) => (
            <Fact key={file} name="Also claimed by">
              <Place target={file} line={line} />
            </Fact>
          ))}
          <Fact name="Created">
            <Time iso={entity.createdAt} /> {entity.createdBy && `by ${entity.createdBy}`}
          </Fact>
          <Fact name="Changed">
            <Time iso={entity.updatedAt} /> {entity.updatedBy && `by ${entity.updatedBy}`}
          </Fact>
          <Fact name="Uid">
            <Mono wrap>{entity.uid}</Mono>
          </Fact>
        </dl>
      </Section>
      <Section title="Raw">
        <Raw data={data} form={form} onForm={onForm} />
      </Section>
    </>
  );
}

function Raw({ data, form, onForm }: SourceProps) {
  const { blueprint, identifier } = data.entity;
  const raw = useQuery(rawQuery({ blueprint, identifier }));
  if (raw.error) return <ProblemLine level="error" message={raw.error.message} />;
  if (!raw.data) return <Waiting />;
  const { yaml, backstage, port } = raw.data;
  const offered = [
    ...(yaml ? [{ value: 'yaml', label: 'YAML', text: yaml }] : []),
    ...(backstage ? [{ value: 'backstage', label: 'Backstage JSON', text: JSON.stringify(backstage, null, 2) }] : []),
    { value: 'port', label: 'Port JSON', text: JSON.stringify(port, null, 2) },
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

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}
