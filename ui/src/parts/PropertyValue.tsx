import type { PropertyDefinition } from '~/api/types';
import { CodeBlock } from '~/kit/CodeBlock';
import { Chip, Mono, Tag } from '~/kit/Mono';
import { Time } from '~/kit/Time';
import { count, plainMarkdown, shorten } from '~/lib/text';
import { mailHref } from '~/lib/urls';
import { asText } from '~/lib/values';
import { EntityLink } from './EntityLink';
import { ExternalLink } from './ExternalLink';
import { Markdown } from './Markdown';
import classes from './parts.module.css';

interface PropertyValueProps {
  value: unknown;
  definition?: PropertyDefinition;
  /** One line, as in a table's cell. */
  compact?: boolean;
}

/** A value as its definition says; what does not fit its definition is shown as it is. */
export function PropertyValue({ value, definition = {}, compact = false }: PropertyValueProps) {
  if (value === null || value === undefined || value === '') return compact ? null : <span className="sd-dim">–</span>;
  if (typeof value === 'boolean') return <>{value ? 'Yes' : 'No'}</>;
  if (typeof value === 'string') return <TextValue text={value} definition={definition} compact={compact} />;
  if (Array.isArray(value)) return <ListValue items={value} definition={definition} compact={compact} />;
  if (definition.format === 'labeled-url' && isLinkLike(value)) return <ExternalLink url={value.url} text={value.displayText ?? value.title} />;
  if (typeof value === 'object') return <ObjectValue value={value} compact={compact} />;
  return <EnumOr text={String(value)} definition={definition} />;
}

function TextValue({ text, definition, compact }: { text: string; definition: PropertyDefinition; compact: boolean }) {
  const { format } = definition;
  if (format === 'url') return <ExternalLink url={text} />;
  if (format === 'email') {
    const href = mailHref(text);
    return href ? <ExternalLink url={href} text={text} /> : <>{text}</>;
  }
  if (format === 'timer') return <Timer iso={text} />;
  if (format === 'user' || format === 'team') return <Named blueprint={`_${format}`} identifier={text} />;
  if (format === 'ipv4' || format === 'ipv6') return <Mono>{text}</Mono>;
  if (format === 'date-time' || format === 'date') return <Time iso={text} />;
  if (compact) {
    const line = format === 'markdown' ? plainMarkdown(text) : text.replace(/\s+/g, ' ');
    return line.length > 60 ? <span title={shorten(line, 600)}>{shorten(line, 160)}</span> : <EnumOr text={line} definition={definition} />;
  }
  if (format === 'markdown') return <Markdown source={text} />;
  if (format === 'yaml') return <CodeBlock text={text} language="yaml" label="YAML" maxHeight="320px" />;
  if (text.includes('\n')) return <div className={classes.prewrap}>{text}</div>;
  return <EnumOr text={text} definition={definition} />;
}

/** Somebody, or some team, by its identifier. */
function Named({ blueprint, identifier }: { blueprint: string; identifier: string }) {
  return <EntityLink link={{ blueprint, identifier, title: identifier, ref: identifier, exists: true }} />;
}

/** When it runs out, or that it has. */
function Timer({ iso }: { iso: string }) {
  const over = Date.parse(iso) < Date.now();
  return (
    <span className={over ? classes.over : undefined}>
      {over ? 'expired ' : 'expires '}
      <Time iso={iso} />
    </span>
  );
}

function EnumOr({ text, definition }: { text: string; definition: PropertyDefinition }) {
  const color = definition.enumColors?.[text];
  return color ? <Tag color={color}>{text}</Tag> : <>{text}</>;
}

function ListValue({ items, definition, compact }: { items: unknown[]; definition: PropertyDefinition; compact: boolean }) {
  if (compact && items.some((item) => typeof item === 'object')) return <span className="sd-dim">{count(items.length, 'item')}</span>;
  const max = compact ? 3 : items.length;
  if (items.length === 0) return compact ? null : <span className="sd-dim">–</span>;
  if (!compact && items.some(isLinkLike)) return <LinkList items={items} />;
  if (!compact && items.some((item) => typeof item === 'object')) return <ObjectBlock value={items} />;
  return (
    <span className={compact ? classes.chipsLine : classes.chips}>
      {items.slice(0, max).map((item, i) => (
        <Chip key={i}>
          <Item item={item} definition={definition} />
        </Chip>
      ))}
      {items.length > max && (
        <span className="sd-dim" title={items.slice(max).map(asText).join('\n')}>
          +{items.length - max}
        </span>
      )}
    </span>
  );
}

function Item({ item, definition }: { item: unknown; definition: PropertyDefinition }) {
  if (isLinkLike(item)) return <>{item.title ?? item.url}</>;
  if (typeof item === 'string' && definition.items?.format === 'url') return <ExternalLink url={item} />;
  if (typeof item === 'string' && (definition.items?.format === 'user' || definition.items?.format === 'team')) return <Named blueprint={`_${definition.items.format}`} identifier={item} />;
  if (typeof item === 'string') return <EnumOr text={item} definition={definition.items ?? {}} />;
  return <>{shorten(asText(item), 60)}</>;
}

interface LinkLike {
  url: string;
  title?: string;
  displayText?: string;
}

const isLinkLike = (item: unknown): item is LinkLike =>
  typeof item === 'object' && item !== null && typeof (item as LinkLike).url === 'string';

function LinkList({ items }: { items: unknown[] }) {
  return (
    <ul>
      {items.map((item, i) => (
        <li key={i}>{isLinkLike(item) ? <ExternalLink url={item.url} text={item.title} /> : asText(item)}</li>
      ))}
    </ul>
  );
}

function ObjectValue({ value, compact }: { value: object; compact: boolean }) {
  const entries = Object.entries(value);
  if (compact) {
    return entries.length === 0 ? null : <span className="sd-dim" title={shorten(JSON.stringify(value, null, 1), 600)}>{'{…}'}</span>;
  }
  if (entries.length === 0) return <span className="sd-dim">–</span>;
  if (!entries.every(([, one]) => typeof one !== 'object' || one === null)) {
    return <ObjectBlock value={value} />;
  }
  return (
    <dl className={classes.pairs}>
      {entries.map(([key, one]) => (
        <Pair key={key} name={key} value={one} />
      ))}
    </dl>
  );
}

function ObjectBlock({ value }: { value: object }) {
  return <CodeBlock text={JSON.stringify(value, null, 2)} language="json" label="value" maxHeight="320px" />;
}

function Pair({ name, value }: { name: string; value: unknown }) {
  return (
    <>
      <dt>
        <Mono>{name}</Mono>
      </dt>
      <dd>{typeof value === 'string' ? <ExternalLink url={value} text={value} /> : asText(value)}</dd>
    </>
  );
}
