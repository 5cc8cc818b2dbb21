import type { Definition } from './draft';

export interface PropertyType {
  id: string;
  label: string;
  group: 'Simple' | 'Choice' | 'Date' | 'People' | 'Text with a format' | 'Shown as a tab' | 'Structured';
  /** What makes a definition one of these. */
  is: Definition;
}

/** Every type of property, as Port's forms name them. The first that fits is what a definition is. */
export const propertyTypes: PropertyType[] = [
  { id: 'select', label: 'Select', group: 'Choice', is: { type: 'string', enum: [] } },
  { id: 'number-select', label: 'Select of numbers', group: 'Choice', is: { type: 'number', enum: [] } },
  { id: 'multi-select', label: 'Several out of a list', group: 'Choice', is: { type: 'array', items: { type: 'string', enum: [] } } },
  { id: 'embedded-url', label: 'Embedded page', group: 'Shown as a tab', is: { type: 'string', format: 'url', spec: 'embedded-url' } },
  { id: 'open-api-url', label: 'OpenAPI at an address', group: 'Shown as a tab', is: { type: 'string', format: 'url', spec: 'open-api' } },
  { id: 'async-api-url', label: 'AsyncAPI at an address', group: 'Shown as a tab', is: { type: 'string', format: 'url', spec: 'async-api' } },
  { id: 'open-api', label: 'OpenAPI document', group: 'Shown as a tab', is: { type: 'object', spec: 'open-api' } },
  { id: 'async-api', label: 'AsyncAPI document', group: 'Shown as a tab', is: { type: 'object', spec: 'async-api' } },
  { id: 'date', label: 'Date and time', group: 'Date', is: { type: 'string', format: 'date-time' } },
  { id: 'timer', label: 'Timer', group: 'Date', is: { type: 'string', format: 'timer' } },
  { id: 'user', label: 'Person', group: 'People', is: { type: 'string', format: 'user' } },
  { id: 'team', label: 'Team', group: 'People', is: { type: 'string', format: 'team' } },
  { id: 'url', label: 'URL', group: 'Text with a format', is: { type: 'string', format: 'url' } },
  { id: 'email', label: 'E-mail', group: 'Text with a format', is: { type: 'string', format: 'email' } },
  { id: 'idn-email', label: 'E-mail, any alphabet', group: 'Text with a format', is: { type: 'string', format: 'idn-email' } },
  { id: 'ipv4', label: 'IPv4 address', group: 'Text with a format', is: { type: 'string', format: 'ipv4' } },
  { id: 'ipv6', label: 'IPv6 address', group: 'Text with a format', is: { type: 'string', format: 'ipv6' } },
  { id: 'markdown', label: 'Markdown', group: 'Text with a format', is: { type: 'string', format: 'markdown' } },
  { id: 'yaml', label: 'YAML', group: 'Text with a format', is: { type: 'string', format: 'yaml' } },
  { id: 'proto', label: 'Protocol buffers', group: 'Text with a format', is: { type: 'string', format: 'proto' } },
  { id: 'blueprints', label: 'Blueprint', group: 'Text with a format', is: { type: 'string', format: 'blueprints' } },
  { id: 'text', label: 'Text', group: 'Simple', is: { type: 'string' } },
  { id: 'number', label: 'Number', group: 'Simple', is: { type: 'number' } },
  { id: 'toggle', label: 'Yes or no', group: 'Simple', is: { type: 'boolean' } },
  { id: 'labeled-url', label: 'URL with a text', group: 'Structured', is: { type: 'object', format: 'labeled-url' } },
  { id: 'object', label: 'Object', group: 'Structured', is: { type: 'object' } },
  { id: 'array', label: 'List', group: 'Structured', is: { type: 'array' } },
];

const groups: PropertyType['group'][] = ['Simple', 'Choice', 'Date', 'People', 'Text with a format', 'Shown as a tab', 'Structured'];

/** What a definition is; undefined for one of a format that has no form. */
export function typeOf(definition: Definition): PropertyType | undefined {
  return propertyTypes.find(({ is }) => fits(definition, is));
}

function fits(definition: Definition, is: Definition): boolean {
  return Object.entries(is).every(([key, wanted]) => {
    const found = definition[key];
    if (Array.isArray(wanted)) return Array.isArray(found);
    if (typeof wanted === 'object' && wanted !== null) return typeof found === 'object' && found !== null && fits(found as Definition, wanted as Definition);
    return found === wanted;
  }) && (is.format !== undefined || definition.format === undefined || definition.type === 'array');
}

/** What may be chosen: anything for a new property; what keeps type and format for one that is stored. */
export function choicesOf(stored: Definition | undefined) {
  const kept = (type: PropertyType) => stored === undefined || (type.is.type === stored.type && type.is.format === stored.format);
  return groups
    .map((group) => ({ group, items: propertyTypes.filter((type) => type.group === group && kept(type)).map(({ id, label }) => ({ value: id, label })) }))
    .filter(({ items }) => items.length > 0);
}

const shared = ['title', 'description', 'icon'];

/** A definition turned into another type: what only the old type knows is left behind. */
export function turned(definition: Definition, id: string): Definition {
  const type = propertyTypes.find((one) => one.id === id);
  if (!type) return definition;
  const kept = Object.fromEntries(Object.entries(definition).filter(([key]) => shared.includes(key)));
  const is = structuredClone(type.is);
  if (Array.isArray(is.enum)) is.enum = Array.isArray(definition.enum) ? definition.enum : [];
  return { ...kept, ...is };
}

/** `text`, `list of text`, `select of 3`: a few words for a list. */
export function words(definition: Definition): string {
  const type = typeOf(definition);
  if (!type) return [definition.type, definition.format].filter(Boolean).join(', ');
  if (Array.isArray(definition.enum)) return `${type.label.toLowerCase()} (${definition.enum.length})`;
  const items = definition.items as Definition | undefined;
  return type.id === 'array' && typeof items?.type === 'string' ? `list of ${String(items.format ?? items.type)}` : type.label;
}

export const colours = [
  'blue', 'turquoise', 'orange', 'purple', 'pink', 'yellow', 'green', 'red', 'gold', 'silver', 'paleBlue', 'darkGray', 'lightGray',
  'bronze', 'lime', 'olive', 'brown',
] as const;
