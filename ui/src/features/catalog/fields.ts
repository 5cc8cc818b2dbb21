import type { Blueprint, PropertyDefinition, RelationDefinition, Row } from '~/api/types';
import { words } from '~/lib/text';
import { asText } from '~/lib/values';

/** Something a table of a blueprint can show, sort or filter by. */
export interface Field {
  /** As the API names it: `title`, `properties.type`, `relations.system`. */
  id: string;
  title: string;
  /** How early the field belongs into a table; from `hidden` on it must be asked for. */
  rank: number;
  sortable: boolean;
  facet: boolean;
  property?: PropertyDefinition;
  relation?: RelationDefinition;
}

const hidden = 100;
const defaultColumns = 7;
const maxFacets = 16;
const maxCandidates = 20;

/** All fields of a blueprint, the most telling ones first. The title is always the first. */
export function fieldsOf(blueprint: Pick<Blueprint, 'properties' | 'relations'>): Field[] {
  const fields = [
    ...Object.entries(blueprint.properties).map(([key, property]) => propertyField(key, property)),
    ...Object.entries(blueprint.relations).map(([key, relation]) => relationField(key, relation)),
  ];
  const owned = fields.some((field) => field.rank === ownerRank);
  return [
    builtIn('title', 'Title', 0),
    ...[
      ...fields,
      { ...builtIn('team', 'Team', owned ? hidden : 24), facet: true },
      builtIn('identifier', 'Identifier', hidden + 1),
      builtIn('updatedAt', 'Updated', hidden + 2),
      builtIn('createdAt', 'Created', hidden + 3),
    ].sort((a, b) => a.rank - b.rank),
  ];
}

/** The fields that may become columns unasked. */
export function columnCandidates(fields: Field[]): Field[] {
  return fields.filter((field) => field.rank < hidden && field.id !== 'title').slice(0, maxCandidates);
}

/** The columns to show: the chosen ones, or the most telling ones of those that are well filled. */
export function visibleFields(fields: Field[], chosen: string | undefined, sparse: Set<string>): Field[] {
  if (chosen === undefined) return fields.filter((field) => field.rank < hidden && !sparse.has(field.id)).slice(0, defaultColumns);
  const wanted = new Set(chosen.split(','));
  return fields.filter((field) => field.id === 'title' || wanted.has(field.id));
}

export function facetFields(fields: Field[]): Field[] {
  return fields.filter((field) => field.facet).slice(0, maxFacets);
}

export function fieldValue(row: Row, field: Field): unknown {
  if (field.id.startsWith('properties.')) return row.properties[field.id.slice('properties.'.length)];
  if (field.id.startsWith('relations.')) return row.relations[field.id.slice('relations.'.length)] ?? [];
  return row[field.id as 'title' | 'identifier' | 'team' | 'createdAt' | 'updatedAt'];
}

/** A field as a cell of a file; relations as the identifiers of their targets. */
export function fieldText(row: Row, field: Field): unknown {
  const value = fieldValue(row, field);
  if (field.relation) return (row.relations[field.id.slice('relations.'.length)] ?? []).map((link) => link.identifier).join('; ');
  return typeof value === 'number' ? value : asText(value);
}

/** A filter's value as the API wants it; the address only knows text. */
export function typedValue(field: Field | undefined, value: string | null): unknown {
  const type = field?.property?.type;
  if (value === null) return null;
  if (type === 'boolean') return value === 'true';
  if (type === 'number' || type === 'integer') return Number(value);
  return value;
}

const builtIn = (id: string, title: string, rank: number): Field => ({ id, title, rank, sortable: true, facet: false });

const telling = new Set(['type', 'lifecycle', 'status', 'state', 'tier', 'environment', 'engine', 'severity']);
// long text and bookkeeping: never a column unless asked for, never a facet
const longText = new Set(['description', 'definition', 'readme', 'notes']);

function propertyField(key: string, property: PropertyDefinition): Field {
  const rank = longText.has(key) ? hidden : propertyRank(key, property) + (property.derived ? 1 : 0);
  const type = property.type ?? 'string';
  const plainText = type === 'string' && !property.format;
  const listOfText = isListOfText(key, property);
  return {
    id: `properties.${key}`,
    title: property.title || words(key),
    rank,
    sortable: type !== 'object' && type !== 'array',
    // values that are computed for each entity are not counted unasked
    facet: !longText.has(key) && property.derived?.kind !== 'calculation' && property.derived?.kind !== 'aggregation' && (property.enum !== undefined || type === 'boolean' || plainText || listOfText),
    property,
  };
}

// a list without a type may hold anything
const isListOfText = (key: string, { type, items }: PropertyDefinition) =>
  type === 'array' && (items ? items.type === 'string' && !items.format : key === 'tags');

function propertyRank(key: string, { type = 'string', format, enum: values, items, spec }: PropertyDefinition): number {
  if (spec) return hidden;
  if (type === 'boolean') return 30;
  if (type === 'number' || type === 'integer') return 36;
  if (type === 'array') {
    if (!isListOfText(key, { type, items })) return hidden;
    return key === 'tags' ? 38 : 46;
  }
  if (type !== 'string') return hidden;
  if (values || telling.has(key)) return values ? 10 : 12;
  if (format === 'markdown' || format === 'yaml' || format === 'proto') return hidden;
  if (format === 'date-time' || format === 'timer') return 34;
  if (format === 'url') return 44;
  return format ? 42 : 22;
}

const ownerRank = 15;
const owners = new Set(['owner', 'owningGroup', 'owningTeam', 'ownedBy', 'team']);

function relationField(key: string, relation: RelationDefinition): Field {
  return {
    id: `relations.${key}`,
    title: relation.title || words(key),
    rank: relationRank(key, relation),
    sortable: !relation.many,
    facet: true,
    relation,
  };
}

function relationRank(key: string, { many }: RelationDefinition): number {
  if (owners.has(key)) return ownerRank;
  if (key === 'system' || key === 'domain') return 18;
  if (key === 'owningUser') return 60;
  return many ? 50 : 40;
}
