import type { Rule, Rules } from '~/api/tables';

/** A value that a filter chooses; null stands for "has none". */
export type Chosen = string | number | boolean | null;

export interface Filter {
  field: string;
  values: Chosen[];
}

/** The subject of a rule about a field: `owner.size` as `{relation, targetProperty}`. */
export function subjectOf(field: string): Rule {
  const [first = '', second] = keysOf(field);
  if (second === undefined) return { property: first };
  return second === '$identifier' ? { relation: first } : { relation: first, targetProperty: second };
}

/** The keys of a path; what stands between quotes is one. */
function keysOf(field: string): string[] {
  const parts = field.match(/"(?:[^"\\]|\\.)*"|[^."]+/g) ?? [field];
  return parts.map((part) => (part.startsWith('"') ? (JSON.parse(part) as string) : part));
}

const subjectKeys = ['property', 'relation', 'targetProperty', 'propertySchema', 'scorecard', 'scorecardRule'];

function isAbout(part: Rule | Rules, field: string): part is Rule {
  if (isGroup(part)) return false;
  const subject = subjectOf(field);
  return subjectKeys.every((key) => JSON.stringify(part[key]) === JSON.stringify(subject[key]));
}

const isGroup = (part: Rule | Rules): part is Rules => 'rules' in part;

/** The values that a rule chooses, if that is what it does. */
function chosenBy(rule: Rule): Chosen[] | undefined {
  const { operator, value } = rule;
  if (operator === 'isEmpty') return [null];
  if (operator === '=' && (value === null || typeof value !== 'object')) return [value as Chosen];
  if ((operator === 'in' || operator === 'containsAny') && Array.isArray(value)) return value as Chosen[];
  return undefined;
}

/** The conditions that must all hold. */
const conditions = (rules: Rules | undefined): (Rule | Rules)[] => {
  if (!rules || rules.rules.length === 0) return [];
  return rules.combinator === 'and' ? rules.rules : [rules];
};

/** What a query chooses of a field. */
export function chosenOf(rules: Rules | undefined, field: string): Chosen[] {
  const found = conditions(rules).filter((part) => isAbout(part, field)).flatMap((part) => chosenBy(part as Rule) ?? []);
  return [...new Set(found)];
}

/** What it chooses of each of some fields. */
export const filtersOf = (rules: Rules | undefined, fields: string[]): Filter[] =>
  fields.map((field) => ({ field, values: chosenOf(rules, field) })).filter(({ values }) => values.length > 0);

/** The same query with other values of a field. */
export function withChosen(rules: Rules | undefined, field: string, values: Chosen[]): Rules {
  const others = conditions(rules).filter((part) => !(isAbout(part, field) && chosenBy(part)));
  const rule = ruleOf(field, values);
  return { combinator: 'and', rules: rule ? [...others, rule] : others };
}

export const toggled = (values: Chosen[], value: Chosen): Chosen[] => (values.includes(value) ? values.filter((one) => one !== value) : [...values, value]);

function ruleOf(field: string, values: Chosen[]): Rule | undefined {
  const subject = subjectOf(field);
  const [first] = values;
  if (first === undefined) return undefined;
  if (values.length > 1) return { ...subject, operator: 'in', value: values };
  return first === null ? { ...subject, operator: 'isEmpty' } : { ...subject, operator: '=', value: first };
}
