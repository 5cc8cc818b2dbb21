import type { Blueprint, LevelsOf, LinkTo, PropertyDefinition, RelationDefinition } from '~/api/types';
import { words } from '~/lib/text';
import { asText } from '~/lib/values';

/** Something a table can show, sort, group or filter by. */
export interface Field {
  /** As the query language names it: `$title`, `type`, `system`, `system.$title`. */
  id: string;
  title: string;
  /** How early the field belongs into a table; from `hidden` on it must be asked for. */
  rank: number;
  sortable: boolean;
  facet: boolean;
  /** May be grouped by. */
  groups: boolean;
  property?: PropertyDefinition;
  relation?: RelationDefinition;
  /** It is a level of a scorecard, one of these. */
  levels?: { title: string; color: string }[];
  /** It is what a rule says. */
  check?: true;
}

const hidden = 100;
export const usualColumns = 7;
const maxFacets = 16;
const maxCandidates = 20;

/** A key as the query language writes it: in quotes where it would mean something else. */
export function fieldName(key: string): string {
  const reserved = /^(and|or|not|in|contains|containsany|beginswith|endswith|between|is)$/i;
  return /^[^\s"'@.,*(){}[\]=!<>&|~`][^\s".,*(){}[\]=!<>&|~`]*$/.test(key) && !reserved.test(key) ? key : JSON.stringify(key);
}

type Shape = Pick<Blueprint, 'properties' | 'relations'>;

/** All fields of a blueprint, the most telling ones first. The title is always the first. */
export function fieldsOf(blueprint: Shape): Field[] {
  const fields = [
    ...Object.entries(blueprint.properties).map(([key, property]) => propertyField(key, property)),
    // a property hides the relation of the same name
    ...Object.entries(blueprint.relations).flatMap(([key, relation]) => (key in blueprint.properties ? [] : [relationField(key, relation)])),
  ];
  const owned = fields.some((field) => field.rank === ownerRank);
  return [builtIn('$title', 'Title', 0), ...[...fields, ...metaFields(owned)].sort((a, b) => a.rank - b.rank)];
}

/** The fields of entities of several blueprints: what most of these have comes first. */
export function fieldsAcross(blueprints: Shape[]): Field[] {
  const all = new Map<string, { field: Field; times: number }>();
  for (const blueprint of blueprints) {
    for (const field of fieldsOf(blueprint)) {
      const known = all.get(field.id);
      if (known) known.times += 1;
      else all.set(field.id, { field, times: 1 });
    }
  }
  const rank = ({ field, times }: { field: Field; times: number }) => field.rank - Math.min(times, 9);
  const merged = [...all.values()].sort((a, b) => rank(a) - rank(b)).map(({ field }) => field);
  const blueprint = { ...builtIn('$blueprint', 'Blueprint', 1), facet: true, groups: true };
  return [...merged.slice(0, 1), blueprint, ...merged.slice(1)];
}

const metaFields = (owned: boolean): Field[] => [
  { ...builtIn('$team', 'Team', owned ? hidden : 24), facet: true, groups: true },
  builtIn('$identifier', 'Identifier', hidden + 1),
  builtIn('$updatedAt', 'Updated', hidden + 2),
  builtIn('$createdAt', 'Created', hidden + 3),
  { ...builtIn('$updatedBy', 'Updated by', hidden + 4), groups: true },
  { ...builtIn('$createdBy', 'Created by', hidden + 5), groups: true },
];

interface Scored {
  identifier: string;
  title: string;
  levels: { title: string; color: string }[];
  rules: { identifier: string; title: string }[];
}

/** The levels of scorecards and what their rules say, to gather and order rows by. Their names have dots in them, hence the quotes. */
export function scorecardFields(scorecards: Scored[]): Field[] {
  return scorecards.flatMap(({ identifier, title, levels, rules }): Field[] => [
    { ...builtIn(JSON.stringify(`$scorecards.${identifier}.level`), title, hidden + 6), groups: true, levels },
    ...rules.map((rule) => ({ ...builtIn(JSON.stringify(`$scorecards.${identifier}.${rule.identifier}`), `${title}: ${rule.title}`, hidden + 7), groups: true, check: true as const })),
  ]);
}

/** A level or what a rule says, before the scorecards have come with their titles. */
function scoredField(id: string, scorecard: string, rule: string, levels: LevelsOf[string] | undefined): Field {
  const field = { ...builtIn(id, words(scorecard), hidden + 6), groups: true };
  return rule === 'level' ? { ...field, levels: levels ?? [] } : { ...field, title: `${field.title}: ${words(rule)}`, check: true };
}

/** The field of a name, for one that stands in no list: `system.owner`. */
export function fieldNamed(fields: Field[], id: string, levels: LevelsOf = {}): Field {
  const known = fields.find((field) => field.id === id);
  if (known) return known;
  const scored = /^"?\$scorecards\.([^."]+)\.([^"]+)"?$/.exec(id);
  if (scored?.[1] && scored[2]) return scoredField(id, scored[1], scored[2], levels[id]);
  const title = id.split('.').map((part) => words(part.replace(/^[$"]|"$/g, ''))).join(' › ');
  return { ...builtIn(id, title, hidden), groups: true };
}

/** What the usual columns are chosen from. */
export function columnCandidates(fields: Field[]): Field[] {
  return fields.filter((field) => field.rank < hidden).slice(0, maxCandidates);
}

export function facetFields(fields: Field[]): Field[] {
  return fields.filter((field) => field.facet).slice(0, maxFacets);
}

/** Relations come as links. */
export const isLinks = (value: unknown): value is LinkTo[] =>
  Array.isArray(value) && value.length > 0 && typeof value[0] === 'object' && value[0] !== null && 'exists' in value[0] && 'blueprint' in value[0];

/** A value as one line of text. */
export function cellText(value: unknown): string {
  return isLinks(value) ? value.map((link) => link.identifier).join('; ') : asText(value);
}

const builtIn = (id: string, title: string, rank: number): Field => ({ id, title, rank, sortable: true, facet: false, groups: false });

const telling = new Set(['type', 'lifecycle', 'status', 'state', 'tier', 'environment', 'engine', 'severity']);
// long text and bookkeeping: never a column unless asked for, never a facet
const longText = new Set(['description', 'definition', 'readme', 'notes']);

function propertyField(key: string, property: PropertyDefinition): Field {
  const rank = longText.has(key) ? hidden : propertyRank(key, property) + (property.derived ? 1 : 0);
  const type = property.type ?? 'string';
  const plainText = type === 'string' && !property.format;
  const short = property.enum !== undefined || type === 'boolean' || plainText || isListOfText(key, property);
  const computed = property.derived?.kind === 'calculation' || property.derived?.kind === 'aggregation';
  return {
    id: fieldName(key),
    title: property.title || words(key),
    rank,
    sortable: type !== 'object' && type !== 'array',
    // values that are computed for each entity are not counted unasked
    facet: !longText.has(key) && !computed && short,
    groups: !longText.has(key) && type !== 'object' && property.format !== 'markdown' && property.format !== 'yaml',
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
    id: fieldName(key),
    title: relation.title || words(key),
    rank: relationRank(key, relation),
    sortable: true,
    facet: true,
    groups: true,
    relation,
  };
}

function relationRank(key: string, { many }: RelationDefinition): number {
  if (owners.has(key)) return ownerRank;
  if (key === 'system' || key === 'domain') return 18;
  if (key === 'owningUser') return 60;
  return many ? 50 : 40;
}
