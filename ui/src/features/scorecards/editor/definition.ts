import type { Level, ScorecardDefinition } from '~/api/scorecards';
import type { Blueprint, PropertyDefinition } from '~/api/types';
import { slug } from '~/lib/text';

/** One condition, in Port's words; or a JQ program. */
export interface ConditionJson {
  property?: string;
  relation?: string;
  operator?: string;
  value?: unknown;
  jq?: string;
  [key: string]: unknown;
}
export interface QueryJson {
  combinator?: string;
  conditions?: ConditionJson[];
}
export interface RuleJson {
  identifier?: string;
  title?: string;
  description?: string;
  level?: string;
  query?: QueryJson;
  fix?: { text?: string; url?: string; action?: string };
  [key: string]: unknown;
}

/** As Port has them where a scorecard names none. */
export const usualLevels: Level[] = [
  { title: 'Basic', color: 'paleBlue' },
  { title: 'Bronze', color: 'bronze' },
  { title: 'Silver', color: 'silver' },
  { title: 'Gold', color: 'gold' },
];

export const levelColors = ['paleBlue', 'blue', 'turquoise', 'green', 'lime', 'olive', 'yellow', 'gold', 'silver', 'bronze', 'orange', 'red', 'pink', 'purple', 'brown', 'lightGray', 'darkGray'];

const list = <Item>(value: unknown): Item[] => (Array.isArray(value) ? (value as Item[]) : []);

export const levelsOf = (definition: ScorecardDefinition): Level[] => (Array.isArray(definition.levels) && definition.levels.length > 0 ? (definition.levels as Level[]) : usualLevels);
export const rulesOf = (definition: ScorecardDefinition): RuleJson[] => list<RuleJson>(definition.rules);
export const conditionsOf = (query: QueryJson | undefined): ConditionJson[] => list<ConditionJson>(query?.conditions);

/** The identifier of a definition: its own, or that of its title. */
export const identifierOf = ({ identifier, title }: ScorecardDefinition) => identifier || slug(String(title ?? ''));

export function freshRule(levels: Level[], taken: RuleJson[]): RuleJson {
  const names = new Set(taken.map(({ identifier }) => identifier));
  let n = taken.length + 1;
  while (names.has(`rule_${n}`)) n += 1;
  // the first level is where everything begins: no rule may ask for it
  return { identifier: `rule_${n}`, title: '', level: levels[1]?.title ?? '', query: { combinator: 'and', conditions: [{ property: '$team', operator: 'isNotEmpty' }] } };
}

export const freshDefinition = (): ScorecardDefinition => ({ title: '', rules: [] });

/** A level gets another name: its rules go with it. */
export function renameLevel(definition: ScorecardDefinition, at: number, title: string): ScorecardDefinition {
  const levels = levelsOf(definition);
  const old = levels[at]?.title;
  return {
    ...definition,
    levels: levels.map((level, i) => (i === at ? { ...level, title } : level)),
    rules: rulesOf(definition).map((rule) => (rule.level === old ? { ...rule, level: title } : rule)),
  };
}

/** With a part put in place, or taken out where there is nothing to it. */
export function put<Whole extends Record<string, unknown>>(whole: Whole, key: keyof Whole & string, value: unknown): Whole {
  if (value === undefined || value === '' || (Array.isArray(value) && value.length === 0)) {
    const { [key]: _, ...rest } = whole;
    return rest as Whole;
  }
  return { ...whole, [key]: value };
}

/** What a condition is about. */
export type Sort = 'text' | 'number' | 'boolean' | 'date' | 'list' | 'relation' | 'object';

export const operatorWords: Record<string, string> = {
  isNotEmpty: 'has a value',
  isEmpty: 'has no value',
  '=': 'is',
  '!=': 'is not',
  in: 'is one of',
  notIn: 'is none of',
  contains: 'contains',
  doesNotContains: 'does not contain',
  containsAny: 'contains any of',
  beginsWith: 'begins with',
  doesNotBeginsWith: 'does not begin with',
  endsWith: 'ends with',
  doesNotEndsWith: 'does not end with',
  '>': 'is more than',
  '>=': 'is at least',
  '<': 'is less than',
  '<=': 'is at most',
  between: 'is between',
  notBetween: 'is not between',
};

const emptiness = ['isNotEmpty', 'isEmpty'];
const texts = ['contains', 'doesNotContains', 'beginsWith', 'doesNotBeginsWith', 'endsWith', 'doesNotEndsWith'];
const order = ['>', '>=', '<', '<='];

export const operatorsOf: Record<Sort, string[]> = {
  text: [...emptiness, '=', '!=', 'in', ...texts],
  number: [...emptiness, '=', '!=', ...order, 'between', 'notBetween'],
  boolean: ['=', '!=', ...emptiness],
  date: ['between', 'notBetween', ...emptiness, '=', ...order],
  list: [...emptiness, 'contains', 'doesNotContains', 'containsAny'],
  relation: [...emptiness, '=', '!=', 'in', 'contains', 'doesNotContains'],
  object: emptiness,
};

export const presets: Record<string, string> = {
  today: 'today',
  yesterday: 'yesterday',
  tomorrow: 'tomorrow',
  lastWeek: 'the last 7 days',
  last2Weeks: 'the last 14 days',
  lastMonth: 'the last 30 days',
  last3Months: 'the last 90 days',
  last6Months: 'the last 180 days',
  last12Months: 'the last 365 days',
};

export const metaFields: { key: string; title: string; sort: Sort }[] = [
  { key: '$team', title: 'Owning team', sort: 'list' },
  { key: '$title', title: 'Title', sort: 'text' },
  { key: '$identifier', title: 'Identifier', sort: 'text' },
  { key: '$updatedAt', title: 'Last change', sort: 'date' },
  { key: '$createdAt', title: 'Creation', sort: 'date' },
  { key: '$updatedBy', title: 'Changed by', sort: 'text' },
  { key: '$createdBy', title: 'Created by', sort: 'text' },
];

/** What sort of value a condition looks at. */
export function sortOf(condition: ConditionJson, blueprint: Pick<Blueprint, 'properties'> | undefined): Sort {
  if (condition.relation !== undefined) return 'relation';
  const meta = metaFields.find(({ key }) => key === condition.property);
  if (meta) return meta.sort;
  const known = blueprint?.properties[condition.property ?? ''];
  return known ? sortOfProperty(known) : 'text';
}

function sortOfProperty({ type = 'string', format }: PropertyDefinition): Sort {
  if (type === 'number' || type === 'integer') return 'number';
  if (type === 'boolean') return 'boolean';
  if (type === 'array') return 'list';
  if (type === 'object') return 'object';
  return format === 'date-time' || format === 'timer' ? 'date' : 'text';
}

/** A condition about something else: what no longer fits it goes. */
export function about(condition: ConditionJson, subject: { property: string } | { relation: string } | { jq: string }, sort: Sort): ConditionJson {
  if ('jq' in subject) return { jq: subject.jq };
  const fits = condition.operator !== undefined && operatorsOf[sort].includes(condition.operator);
  const operator = fits ? condition.operator : operatorsOf[sort][0];
  return withOperator({ ...subject, value: fits ? condition.value : undefined }, operator ?? 'isNotEmpty', sort);
}

/** A condition with another operator, and a value that goes with it. */
export function withOperator(condition: ConditionJson, operator: string, sort: Sort): ConditionJson {
  const { value, ...rest } = condition;
  const next = { ...rest, operator };
  if (emptiness.includes(operator)) return next;
  return { ...next, value: fitting(value, operator, sort) };
}

function fitting(value: unknown, operator: string, sort: Sort): unknown {
  const isRange = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (operator === 'between' || operator === 'notBetween') return isRange ? value : sort === 'date' ? { preset: 'lastMonth' } : { from: 0, to: 0 };
  if (operator === 'in' || operator === 'notIn' || operator === 'containsAny') return Array.isArray(value) ? value : value === undefined || isRange ? [] : [value];
  const one = Array.isArray(value) ? value[0] : isRange ? undefined : value;
  if (sort === 'boolean') return typeof one === 'boolean' ? one : true;
  if (sort === 'number') return typeof one === 'number' ? one : 0;
  return typeof one === 'string' ? one : one === undefined ? '' : String(one);
}
