import type { EntityChange } from '~/api/entity';
import type { Blueprint, EntityResult } from '~/api/types';

/** What can be said of an entity, by field: `title`, `properties.<key>`, `relations.<key>`. */
export type Draft = Record<string, unknown>;

/** Why a field cannot be written, by field. */
export type Locks = Record<string, string>;

export function locksOf({ fields, relations, entity }: EntityResult, blueprint: Blueprint | undefined): Locks {
  const locks: Locks = {};
  for (const [field, { by, file, line }] of Object.entries(fields)) {
    if (by === 'source') locks[field] = `Stated by ${(file ?? 'its source').replace(/^file:(\/\/)?/, '')}${line ? `, line ${line}` : ''}: change it there.`;
    if (by === 'entities') locks[field] = 'Stated by other entities: change it there.';
  }
  for (const [key, { derived }] of Object.entries(blueprint?.properties ?? {})) {
    if (derived) locks[`properties.${key}`] = 'It is computed.';
  }
  if (!('team' in fields) && (entity.team?.length ?? 0) > 0) locks.team = 'Told by its owner.';
  // a long list is no form's business
  for (const { key, total } of relations) if (total > 500) locks[`relations.${key}`] ??= 'Too many to edit here.';
  return locks;
}

/** An entity in Port's form as a draft. */
export function draftOf(port: Record<string, unknown>): Draft {
  const draft: Draft = { title: port.title ?? null, icon: port.icon ?? null, team: port.team ?? [] };
  for (const part of ['properties', 'relations'] as const) {
    for (const [key, value] of Object.entries((port[part] ?? {}) as Record<string, unknown>)) draft[`${part}.${key}`] = value;
  }
  return draft;
}

export const same = (a: unknown, b: unknown) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);

/** The fields in which a draft differs from what it began as. */
export function changedFields(before: Draft, after: Draft): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((field) => !same(before[field], after[field]));
}

/** Of the fields that one has changed, those that somebody else has changed meanwhile. */
export function conflictsOf(base: Draft, mine: Draft, theirs: Draft): string[] {
  return changedFields(base, mine).filter((field) => !same(base[field], theirs[field]) && !same(mine[field], theirs[field]));
}

/** What is sent: the changed fields only, null for what is gone. */
export function changeOf(before: Draft, after: Draft): EntityChange {
  const change: EntityChange = {};
  for (const field of changedFields(before, after)) {
    const value = after[field] ?? null;
    const dot = field.indexOf('.');
    if (dot < 0) Object.assign(change, { [field]: value });
    else {
      const part = field.slice(0, dot) as 'properties' | 'relations';
      (change[part] ??= {})[field.slice(dot + 1)] = value;
    }
  }
  return change;
}

/** The draft as its JSON side shows it: what cannot be written is left out. */
export function jsonOf(draft: Draft, locks: Locks): string {
  const out: Record<string, unknown> & { properties: Record<string, unknown>; relations: Record<string, unknown> } = { properties: {}, relations: {} };
  const whole: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(draft)) {
    if (field in locks) continue;
    const dot = field.indexOf('.');
    if (dot < 0) whole[field] = value;
    else out[field.slice(0, dot) as 'properties' | 'relations'][field.slice(dot + 1)] = value;
  }
  return JSON.stringify({ ...whole, ...out }, null, 2);
}

/** Reads the JSON side; throws an error that says what is wrong. */
export function readJson(text: string, draft: Draft, locks: Locks): Draft {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('expected an object');
  const read: Draft = {};
  for (const [key, one] of Object.entries(value)) {
    if (key === 'properties' || key === 'relations') {
      if (typeof one !== 'object' || one === null || Array.isArray(one)) throw new Error(`"${key}": expected an object`);
      for (const [name, inner] of Object.entries(one)) read[`${key}.${name}`] = inner;
    } else if (key === 'title' || key === 'icon' || key === 'team') read[key] = one;
    else throw new Error(`there is no field "${key}": expected title, icon, team, properties and relations`);
  }
  const locked = Object.keys(read).find((field) => field in locks && !same(read[field], draft[field]));
  if (locked) throw new Error(`${locked}: ${locks[locked]}`);
  const kept = Object.entries(draft).filter(([field]) => field in locks);
  return { ...read, ...Object.fromEntries(kept) };
}
