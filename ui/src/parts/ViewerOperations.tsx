import { Button } from '@mantine/core';
import { IconChevronRight } from '@tabler/icons-react';
import { useState } from 'react';
import { Mono } from '~/kit/Mono';
import { SearchField } from '~/kit/SearchField';
import { count, formatNumber } from '~/lib/text';
import type { Definition, Operation } from './definition';
import { Markdown } from './Markdown';
import { ViewerSchema } from './ViewerSchema';
import classes from './viewer.module.css';

const firstShown = 100;

/** Operations by tag, or channels; each opens to its parameters, bodies and messages. */
export function ViewerOperations({ kind, definition }: { kind: 'openapi' | 'asyncapi'; definition: Definition }) {
  const [search, setSearch] = useState('');
  const [all, setAll] = useState(false);
  const wanted = search.trim().toLowerCase();
  const fits = ({ path, summary, id, verb }: Operation) => wanted === '' || `${verb} ${path} ${summary} ${id}`.toLowerCase().includes(wanted);
  const groups = definition.groups.map((group) => ({ ...group, operations: group.operations.filter(fits) })).filter(({ operations }) => operations.length > 0);
  const total = groups.reduce((sum, { operations }) => sum + operations.length, 0);
  let room = all ? Infinity : firstShown;
  const noun = kind === 'openapi' ? 'operation' : 'channel';
  return (
    <div className={classes.operations}>
      <header>
        <p>
          <strong>{definition.title}</strong> <span className="sd-dim">{[definition.version, kind === 'openapi' ? `OpenAPI ${definition.spec}` : `AsyncAPI ${definition.spec}`].filter(Boolean).join(' · ')}</span>
        </p>
        {definition.description && <Markdown source={definition.description.slice(0, 4000)} />}
        {definition.servers.length > 0 && (
          <ul className={classes.servers} aria-label="Servers">
            {definition.servers.map(({ url, description }, i) => (
              <li key={i}>
                <Mono wrap>{url}</Mono> <span className="sd-dim">{description}</span>
              </li>
            ))}
          </ul>
        )}
        <div className={classes.find}>
          <SearchField value={search} onChange={setSearch} label={kind === 'openapi' ? 'Find an operation' : 'Find a channel'} />
          <span className="sd-dim" role="status">
            {count(total, noun)}
          </span>
        </div>
      </header>
      {groups.map(({ name, description, operations }) => {
        const shown = operations.slice(0, Math.max(0, room));
        room -= shown.length;
        return shown.length === 0 ? null : (
          <section key={name}>
            {name && (
              <h3>
                {name} <span className="sd-dim">{description}</span>
              </h3>
            )}
            <ul>
              {shown.map((operation, i) => (
                <OperationLine key={`${operation.verb} ${operation.path} ${i}`} operation={operation} definition={definition} />
              ))}
            </ul>
          </section>
        );
      })}
      {total > firstShown && !all && (
        <p>
          {formatNumber(total - firstShown)} hidden{' '}
          <Button variant="subtle" size="compact-xs" onClick={() => setAll(true)}>
            Show all
          </Button>
        </p>
      )}
      {Object.keys(definition.schemas).length > 0 && <Schemas definition={definition} />}
    </div>
  );
}

function OperationLine({ operation, definition }: { operation: Operation; definition: Definition }) {
  const [open, setOpen] = useState(false);
  const { verb, path, summary, deprecated, description, parameters, contents } = operation;
  return (
    <li className={classes.operation}>
      <button type="button" aria-expanded={open} onClick={() => setOpen(!open)} className={classes.operationHead} data-open={open || undefined}>
        <IconChevronRight size={14} aria-hidden />
        <span className={classes.verb} data-verb={verb}>
          {verb}
        </span>
        <span className={classes.path} data-deprecated={deprecated || undefined}>
          {path}
        </span>
        <span className={classes.summary}>
          {deprecated && 'Deprecated. '}
          {summary}
        </span>
      </button>
      {open && (
        <div className={classes.operationBody}>
          {description && <Markdown source={description.slice(0, 8000)} />}
          {parameters.length > 0 && (
            <>
              <h4>Parameters</h4>
              <ul className={classes.fields}>
                {parameters.map(({ name, place, required, description: text, schema }, i) => (
                  <li key={`${place} ${name} ${i}`}>
                    <ViewerSchema root={definition.root} schema={schema} name={name} required={required} note={place} description={text} />
                  </li>
                ))}
              </ul>
            </>
          )}
          {contents.map(({ title, media, description: text, schema }, i) => (
            <div key={i}>
              <h4>
                {title} <span className="sd-dim">{[media, text].filter(Boolean).join(' · ')}</span>
              </h4>
              {schema !== undefined && (
                <ul className={classes.fields}>
                  <li>
                    <ViewerSchema root={definition.root} schema={schema} open />
                  </li>
                </ul>
              )}
            </div>
          ))}
        </div>
      )}
    </li>
  );
}

const firstSchemas = 60;

function Schemas({ definition }: { definition: Definition }) {
  const [all, setAll] = useState(false);
  const entries = Object.entries(definition.schemas);
  return (
    <section>
      <h3>Schemas</h3>
      <ul className={classes.fields}>
        {entries.slice(0, all ? 2000 : firstSchemas).map(([name, schema]) => (
          <li key={name}>
            <ViewerSchema root={definition.root} schema={schema} name={name} />
          </li>
        ))}
      </ul>
      {entries.length > firstSchemas && !all && (
        <p>
          {formatNumber(entries.length - firstSchemas)} hidden{' '}
          <Button variant="subtle" size="compact-xs" onClick={() => setAll(true)}>
            Show them
          </Button>
        </p>
      )}
    </section>
  );
}
