import { client, port, unwrap } from './client';
import type { EntityChange, Key } from './entity';

/** What became of many. */
export interface Outcome {
  done: Key[];
  failed: (Key & { message: string })[];
}

const together = { write: 20, remove: 100 };

/** Changes of many entities, some at a time; each stands for itself. `onProgress` hears how many are through. */
export async function changeMany(changes: { key: Key; change: EntityChange }[], onProgress: (n: number) => void): Promise<Outcome> {
  const outcome: Outcome = { done: [], failed: [] };
  for (const [blueprint, some] of pieces(changes, ({ key }) => key.blueprint, together.write)) {
    const entities = some.map(({ key, change }) => ({ identifier: key.identifier, ...change }));
    const keys = some.map(({ key }) => key);
    try {
      const params = { path: { blueprint }, query: { upsert: true, merge: true } };
      const { errors } = (await unwrap(port.POST('/blueprints/{blueprint}/entities/bulk', { params, body: { entities } }))) as { errors?: { index: number; message: string }[] };
      const wrong = new Map(errors?.map(({ index, message }) => [index, message]));
      keys.forEach((key, i) => {
        const message = wrong.get(i);
        if (message === undefined) outcome.done.push(key);
        else outcome.failed.push({ ...key, message });
      });
    } catch (error) {
      outcome.failed.push(...keys.map((key) => ({ ...key, message: (error as Error).message })));
    }
    onProgress(outcome.done.length + outcome.failed.length);
  }
  return outcome;
}

/** Removes many entities. What its source states, or another one requires, stays. */
export async function removeMany(keys: Key[], onProgress: (n: number) => void): Promise<Outcome> {
  const outcome: Outcome = { done: [], failed: [] };
  for (const [blueprint, some] of pieces(keys, (key) => key.blueprint, together.remove)) {
    try {
      const body = { entities: some.map(({ identifier }) => identifier) };
      const { deletedEntities } = (await unwrap(port.POST('/blueprints/{blueprint}/bulk/entities/delete', { params: { path: { blueprint } }, body }))) as { deletedEntities: string[] };
      const gone = new Set(deletedEntities);
      for (const key of some) {
        if (gone.has(key.identifier)) outcome.done.push(key);
        else outcome.failed.push({ ...key, message: 'It stays: a source states it, or another entity requires it.' });
      }
    } catch (error) {
      outcome.failed.push(...some.map((key) => ({ ...key, message: (error as Error).message })));
    }
    onProgress(outcome.done.length + outcome.failed.length);
  }
  return outcome;
}

function pieces<Item>(items: Item[], of: (item: Item) => string, size: number): [string, Item[]][] {
  const by = new Map<string, Item[]>();
  for (const item of items) by.set(of(item), [...(by.get(of(item)) ?? []), item]);
  return [...by].flatMap(([key, all]) => Array.from({ length: Math.ceil(all.length / size) }, (_, i): [string, Item[]] => [key, all.slice(i * size, (i + 1) * size)]));
}

/** The newest commit that removed something. */
export async function newestRemoval(): Promise<number> {
  const { removals } = await unwrap(client.GET('/removals', { params: { query: { limit: 1 } } }));
  return removals[0]?.revision ?? 0;
}

/** Takes back what was removed since then and is among these. Answers how many came back. */
export async function bringBack(since: number, keys: Key[]): Promise<number> {
  const { removals } = await unwrap(client.GET('/removals', { params: { query: { limit: 100 } } }));
  const ids = new Set(keys.map(({ blueprint, identifier }) => `${blueprint} ${identifier}`));
  const ours = removals.filter(({ revision, examples }) => revision > since && examples.some((one) => ids.has(`${one.blueprint} ${one.identifier}`)));
  if (ours.length === 0) throw new Error('There is nothing left to take back.');
  const { restored } = await unwrap(client.POST('/undo', { params: { query: { dryRun: false } }, body: { changes: ours.map(({ revision }) => String(revision)) } }));
  return restored.length;
}
