import type { Model } from '~/api/types';
import type { Body } from '~/api/blueprints';
import { definitions, text } from './draft';

export interface Choice {
  value: string;
  label: string;
}

const meta: Choice[] = [
  { value: '$identifier', label: 'Identifier' },
  { value: '$title', label: 'Title' },
  { value: '$team', label: 'Team' },
  { value: '$createdAt', label: 'Created' },
  { value: '$updatedAt', label: 'Last change' },
];

export interface Relation {
  key: string;
  title: string;
  target: string;
  many: boolean;
}

/** The relations of a blueprint; those of the one that is being written are as its draft says. */
export function relationsOf(model: Model, blueprint: string, own: { identifier: string; body: Body }): Relation[] {
  if (blueprint === own.identifier) {
    const all = Object.entries(definitions(own.body, 'relations'));
    return all.map(([key, one]) => ({ key, title: text(one.title) || key, target: text(one.target), many: one.many === true }));
  }
  const found = model.blueprints.find(({ identifier }) => identifier === blueprint);
  return Object.entries(found?.relations ?? {}).map(([key, one]) => ({ key, title: one.title ?? key, target: one.target, many: one.many }));
}

/** What may stand at the end of a path, or be computed with. */
export function propertiesOf(model: Model, blueprint: string, own: { identifier: string; body: Body }): (Choice & { type?: string; format?: string })[] {
  if (blueprint === own.identifier) {
    const parts = ['properties', 'mirrorProperties', 'calculationProperties', 'aggregationProperties'] as const;
    return parts.flatMap((part) =>
      Object.entries(definitions(own.body, part)).map(([value, one]) => ({
        value,
        label: text(one.title) || value,
        type: part === 'aggregationProperties' ? 'number' : text(one.type) || undefined,
        format: text(one.format) || undefined,
      })),
    );
  }
  const found = model.blueprints.find(({ identifier }) => identifier === blueprint);
  return Object.entries(found?.properties ?? {}).map(([value, { title, type, format }]) => ({ value, label: title ?? value, type, format }));
}

export const metaProperties = meta;

/** Where a path of relations leads. */
export function endOf(model: Model, from: string, path: string[], own: { identifier: string; body: Body }): string | undefined {
  let at: string | undefined = from;
  for (const step of path) {
    at = at === undefined ? undefined : relationsOf(model, at, own).find(({ key }) => key === step)?.target;
  }
  return at;
}
