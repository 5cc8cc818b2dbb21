import { IconChevronRight } from '@tabler/icons-react';
import { useState } from 'react';
import { Mono } from '~/kit/Mono';
import { formatNumber, shorten } from '~/lib/text';
import { resolve } from './definition';
import classes from './viewer.module.css';

interface ViewerSchemaProps {
  /** What references are looked up in. */
  root: unknown;
  schema: unknown;
  name?: string;
  required?: boolean;
  note?: string;
  description?: string;
  open?: boolean;
}

type Json = Record<string, unknown>;

const mostFields = 100;

/** One schema; what is in it is looked at when somebody opens it, so that a cycle costs nothing. */
export function ViewerSchema({ root, schema, name, required = false, note, description, open: first = false }: ViewerSchemaProps) {
  const [open, setOpen] = useState(first);
  const found = resolve(root, schema);
  const json = typeof found === 'object' && found !== null && !Array.isArray(found) ? (found as Json) : {};
  const children = childrenOf(root, json);
  const text = description || (typeof json.description === 'string' ? json.description : '');
  const head = (
    <>
      {name !== undefined && <Mono>{name}</Mono>} <span className={classes.type}>{typeOf(root, schema)}</span>
      {required && <span className={classes.required}> required</span>}
      {note && <span className="sd-dim"> in {note}</span>}
      {constraints(json) && <span className="sd-dim"> {constraints(json)}</span>}
      {text && <span className="sd-dim"> {shorten(text.replace(/\s+/g, ' '), 300)}</span>}
    </>
  );
  if (children.length === 0) return <div className={classes.schemaHead}>{head}</div>;
  return (
    <div>
      <button type="button" className={classes.schemaHead} aria-expanded={open} onClick={() => setOpen(!open)} data-open={open || undefined}>
        <IconChevronRight size={13} aria-hidden />
        <span>{head}</span>
      </button>
      {open && (
        <ul className={classes.fields}>
          {children.slice(0, mostFields).map((child, i) => (
            <li key={`${child.name} ${i}`}>
              <ViewerSchema root={root} schema={child.schema} name={child.name} required={child.required} />
            </li>
          ))}
          {children.length > mostFields && <li className="sd-dim">{formatNumber(children.length - mostFields)} more fields hidden</li>}
        </ul>
      )}
    </div>
  );
}

interface Child {
  name: string;
  schema: unknown;
  required: boolean;
}

function childrenOf(root: unknown, json: Json): Child[] {
  const required = new Set(Array.isArray(json.required) ? json.required : []);
  const properties = typeof json.properties === 'object' && json.properties !== null ? Object.entries(json.properties) : [];
  const fields = properties.map(([name, schema]) => ({ name, schema: schema as unknown, required: required.has(name) }));
  const several = (['allOf', 'oneOf', 'anyOf'] as const).flatMap((key) => {
    const all = json[key];
    return Array.isArray(all) ? all.slice(0, 50).map((schema: unknown) => ({ name: key, schema, required: false })) : [];
  });
  const items = json.items !== undefined && hasMore(resolve(root, json.items)) ? [{ name: 'items', schema: json.items, required: false }] : [];
  const rest = typeof json.additionalProperties === 'object' && json.additionalProperties !== null ? [{ name: 'any other key', schema: json.additionalProperties, required: false }] : [];
  return [...fields, ...several, ...items, ...rest];
}

const hasMore = (value: unknown) => typeof value === 'object' && value !== null && ['properties', 'items', 'allOf', 'oneOf', 'anyOf', 'additionalProperties'].some((key) => key in value);

function typeOf(root: unknown, schema: unknown, depth = 0): string {
  const ref = typeof schema === 'object' && schema !== null ? (schema as Json).$ref : undefined;
  const named = typeof ref === 'string' ? (ref.split('/').at(-1) ?? '') : '';
  if (named) return shorten(named, 60);
  if (typeof schema !== 'object' || schema === null || depth > 4) return 'any';
  const { type, format, items, enum: values } = schema as Json;
  const plain = Array.isArray(type) ? type.map(String).join(' or ') : typeof type === 'string' ? type : 'properties' in schema ? 'object' : Array.isArray(values) ? 'enum' : 'any';
  if (plain === 'array') return `array of ${typeOf(root, items, depth + 1)}`;
  return typeof format === 'string' ? `${plain} (${shorten(format, 30)})` : plain;
}

function constraints(json: Json): string {
  const parts: string[] = [];
  if (Array.isArray(json.enum)) parts.push(`one of ${shorten(json.enum.slice(0, 20).map(String).join(', '), 160)}`);
  if (json.default !== undefined) parts.push(`default ${shorten(JSON.stringify(json.default), 60)}`);
  for (const key of ['minimum', 'maximum', 'minLength', 'maxLength', 'pattern'] as const) {
    if (json[key] !== undefined) parts.push(`${key} ${shorten(String(json[key]), 60)}`);
  }
  return parts.join(', ');
}
