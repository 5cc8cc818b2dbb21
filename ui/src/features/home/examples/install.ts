import { startAction } from '~/api/actions';
import { blueprintQuery, patchProperties } from '~/api/blueprints';
import { changeMany } from '~/api/bulk';
import { ApiError } from '~/api/client';
import { createDefinition, definitionsQuery, deleteDefinition, patchActionPermissions, type Definition } from '~/api/definitions';
import { deleteEntity } from '~/api/entity';
import { targetOptions } from '~/api/options';
import { createPage, deletePage } from '~/api/pages';
import { sendDocuments, tableQuery } from '~/api/queries';
import { publishDraft, putDraft, scorecardsQuery, type Key } from '~/api/scorecards';
import { deleteScorecard, installStarter } from '~/api/standards';
import type { QueryClient } from '@tanstack/react-query';
import { actions, blueprint, components, firstRuns, groups, mark, ownApprovals, properties, scorecard, starters, template, templateName } from './data';
import { page } from './page';
import { pageIdentifier } from './useExamples';

/** What the catalog holds already. */
interface Held {
  components: number;
  templates: number;
}

interface Step {
  title: string;
  run: () => Promise<unknown>;
}

const ourScorecard = { blueprint, scorecard: scorecard.identifier ?? '' };

/** What adding the examples comes to, in order; each step may be repeated. The page comes last: by it they are known. */
export const installing = (queries: QueryClient, held: Held): Step[] => [
  { title: 'Things to look at', run: () => addEntities(held) },
  { title: 'Properties of components', run: () => extend(queries) },
  { title: 'Actions and an automation', run: () => addActions(queries) },
  { title: 'A template', run: () => (held.templates === 0 ? add([template]) : Promise.resolve()) },
  { title: 'Scorecards', run: () => addScorecards(queries) },
  { title: 'First runs', run: () => runSome(queries) },
  { title: 'A dashboard', run: () => createPage(page) },
];

/** What goes; what somebody has added or changed besides stays. The page goes last, too: what failed can be repeated. */
export const removing = (queries: QueryClient): Step[] => [
  { title: 'Scorecards', run: async () => each(await scorecardsThere(queries), deleteScorecard) },
  { title: 'Actions and the automation', run: async () => each(await actionsThat(queries, true), ({ identifier = '' }) => deleteDefinition(identifier)) },
  { title: 'Properties of components', run: () => reduce(queries) },
  { title: 'Things to look at', run: async () => each(await entitiesThere(queries), (key) => unlessGone(deleteEntity(key, false))) },
  { title: 'The dashboard', run: () => unlessGone(deletePage(pageIdentifier)) },
];

async function each<One>(all: One[], run: (one: One) => Promise<unknown>): Promise<void> {
  for (const one of all) await run(one);
}

/** Nothing happens where somebody has removed it already. */
const unlessGone = (removed: Promise<unknown>) => unless(removed, (error) => error.status === 404);

async function unless(done: Promise<unknown>, fine: (error: ApiError) => boolean): Promise<void> {
  try {
    await done;
  } catch (error) {
    if (!(error instanceof ApiError && fine(error))) throw error;
  }
}

/** Groups own the template, too. */
async function addEntities({ components: there, templates }: Held): Promise<void> {
  const all = [...(there === 0 || templates === 0 ? groups : []), ...(there === 0 ? components : [])];
  if (all.length > 0) await add(all.map(({ document }) => document));
}

async function addActions(queries: QueryClient): Promise<void> {
  await each(await actionsThat(queries, false), createDefinition);
  await each(ownApprovals, (id) => patchActionPermissions(id, { approve: { ownRuns: true } }));
}

const fresh = { staleTime: 0 };

/** Those of the examples that are there, or those that are not. */
async function actionsThat(queries: QueryClient, there: boolean): Promise<Definition[]> {
  const known = new Set((await queries.fetchQuery({ ...definitionsQuery, ...fresh })).map(({ identifier }) => identifier));
  return actions.filter(({ identifier }) => known.has(identifier) === there);
}

const isOurs = (key: Key) => key.blueprint === blueprint && [ourScorecard.scorecard, ...starters].includes(key.scorecard);

async function scorecardsThere(queries: QueryClient): Promise<Key[]> {
  const { scorecards } = await queries.fetchQuery({ ...scorecardsQuery, ...fresh });
  return scorecards.filter(({ published }) => published).map((one) => ({ blueprint: one.blueprint, scorecard: one.identifier })).filter(isOurs);
}

/** What documents of the examples have made. Groups go last: components name them. */
async function entitiesThere(queries: QueryClient): Promise<{ blueprint: string; identifier: string }[]> {
  const refs = [`template:default/${templateName}`, ...[...components, ...groups].map(({ kind, name }) => `${kind}:default/${name}`)];
  const query = { combinator: 'and', rules: [{ property: '$identifier', operator: 'in', value: refs }] };
  const { rows } = await queries.fetchQuery({ ...tableQuery({ query, columns: ['$title'], offset: 0, limit: 100 }), ...fresh });
  return rows.map(({ blueprint: of, identifier }) => ({ blueprint: of, identifier })).sort((a, b) => refs.indexOf(a.identifier) - refs.indexOf(b.identifier));
}

async function add(documents: string[]): Promise<void> {
  const { rejected } = await sendDocuments(documents.join('---\n'), false);
  if (rejected[0]) throw new Error(rejected[0].message);
}

const propertiesOf = async (queries: QueryClient) => {
  const { schema } = await queries.fetchQuery({ ...blueprintQuery(blueprint), ...fresh });
  return (schema as { properties: Record<string, { description?: string }> }).properties;
};

/** Those that are there stay as they are. */
async function extend(queries: QueryClient): Promise<void> {
  const there = await propertiesOf(queries);
  const missing = Object.fromEntries(Object.entries(properties).filter(([key]) => !(key in there)));
  if (Object.keys(missing).length > 0) await patchProperties(blueprint, missing);
}

/** First the values, then the properties that are ours by their mark. */
async function reduce(queries: QueryClient): Promise<void> {
  const there = await propertiesOf(queries);
  const gone = Object.fromEntries(Object.keys(properties).flatMap((key) => (there[key]?.description === mark ? [[key, null]] : [])));
  if (Object.keys(gone).length === 0) return;
  const rules = Object.keys(gone).map((property) => ({ property, operator: 'isNotEmpty' }));
  const { rows } = await queries.fetchQuery({ ...tableQuery({ blueprint, query: { combinator: 'or', rules }, columns: ['$title'], offset: 0, limit: 500 }), ...fresh });
  await changeMany(rows.map(({ identifier }) => ({ key: { blueprint, identifier }, change: { properties: gone } })), () => undefined);
  await patchProperties(blueprint, gone);
}

async function addScorecards(queries: QueryClient): Promise<void> {
  const there = (await scorecardsThere(queries)).map((key) => key.scorecard);
  if (!there.includes(ourScorecard.scorecard)) {
    await putDraft(ourScorecard, scorecard);
    await publishDraft(ourScorecard);
  }
  await each(starters.filter((one) => !there.includes(one)), installStarter);
}

/** So that there is something to see: a few services are scaled and looked after. */
async function runSome(queries: QueryClient): Promise<void> {
  const { options } = await queries.fetchQuery(targetOptions(blueprint, 'service'));
  const found = options.length > 0 ? options : (await queries.fetchQuery(targetOptions(blueprint, ''))).options;
  const services = found.map(({ value }) => value.slice(value.indexOf(' ') + 1));
  for (const [i, runs] of firstRuns.entries()) {
    const entity = services[i];
    // one that the action is not for is left out
    if (entity) for (const { action, properties: inputs } of runs) await unless(startAction(action, inputs, { entity }), ({ status }) => status === 403 || status === 422);
  }
}
