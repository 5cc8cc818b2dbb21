// A generated catalog: entities of every kind with whatever makes queries differ, as YAML files for a location.
import fs from 'node:fs';
import path from 'node:path';
import { parse, stringify } from 'yaml';
import { chance } from '../chance.mjs';
import { root } from '../portal.mjs';

const LANGUAGES = ['java', 'go', 'rust', 'c++', 'c#', 'typescript', 'python', 'team:blue'];
// No character from U+E000 to U+FFFF: the in-memory client sorts by UTF-16 units, where those come after emoji.
const TITLES = ['Größe', '検索サービス', 'Поиск', 'ΟΔΟΣ λόγος', 'Ünïcode 🚀 rocket', 'naïve café', 'plain title', 'Plain Title'];
const NAMESPACES = ['default', 'default', 'default', 'payments', 'data-lake'];
const SPEC = 'backstage.io/v1alpha1';

/** About 400 documents, in an order in which nothing is sorted. */
export function generate(seed) {
  const dice = chance(seed);
  const documents = [];
  const names = {};

  const name = (kind, index) => {
    const base = `${kind}-${index}`;
    const form = dice.pick([base, base, base.toUpperCase(), `${kind}_${index}.x`, `${kind[0].toUpperCase()}${kind.slice(1)}-${index}`]);
    return form;
  };
  const refTo = (kind, odds = 0.15) => {
    const known = names[kind] ?? [];
    if (dice.maybe(odds) || known.length === 0) return `missing-${dice.below(9)}`;
    const one = dice.pick(known);
    return dice.maybe(0.3) ? `${kind[0].toUpperCase()}${kind.slice(1)}:${one.namespace}/${one.name}` : `${one.namespace}/${one.name}`;
  };
  const fullRefTo = (kind) => `${kind}:${refTo(kind).replace(/^.*:/, '')}`;
  const add = (kind, index, spec, apiVersion = SPEC) => {
    const metadata = { name: name(kind.toLowerCase(), index) };
    const namespace = dice.pick(NAMESPACES);
    if (namespace !== 'default' || dice.maybe(0.3)) metadata.namespace = namespace;
    decorate(metadata, dice);
    (names[kind.toLowerCase()] ??= []).push({ name: metadata.name, namespace });
    documents.push({ apiVersion, kind, metadata, spec: { ...spec, ...odd(dice) } });
  };
  const many = (count, make) => Array.from({ length: count }, (_, index) => make(index));
  const lifecycle = () => dice.pick(['production', 'experimental', 'Deprecated', 'production']);

  many(14, (i) => add('Group', i, { type: dice.pick(['team', 'squad', 'Team']), children: [], ...(dice.maybe(0.5) && { parent: refTo('group') }), ...(dice.maybe(0.3) && { profile: { displayName: `Team ${i}`, email: `team${i}@example.org` } }) }));
  many(30, (i) => add('User', i, { memberOf: dice.some(['group-1', 'GROUP-2', 'data-lake/group-3', 'gone'], 3), profile: { displayName: dice.pick(['Ada', 'ada', 'Grace', 'Édith', 'Linus']) } }));
  many(6, (i) => add('Domain', i, { owner: refTo('group'), ...(dice.maybe(0.4) && { subdomainOf: refTo('domain') }) }));
  many(16, (i) => add('System', i, { owner: refTo('group'), ...(dice.maybe(0.7) && { domain: refTo('domain') }) }));
  many(60, (i) => add('API', i, { type: dice.pick(['openapi', 'grpc', 'asyncapi']), lifecycle: lifecycle(), owner: refTo('group'), definition: `openapi: 3.1.0 # ${'.'.repeat(dice.pick([5, 190, 400]))}` }));
  many(60, (i) => add('Resource', i, { type: dice.pick(['database', 's3-bucket', 'cache']), owner: refTo('group'), ...(dice.maybe(0.5) && { system: refTo('system') }) }));
  many(190, (i) =>
    add('Component', i, {
      type: dice.pick(['service', 'website', 'library', 'Service']),
      lifecycle: lifecycle(),
      owner: dice.maybe(0.2) ? fullRefTo('user') : refTo('group'),
      ...(dice.maybe(0.6) && { system: refTo('system') }),
      ...(dice.maybe(0.2) && { subcomponentOf: refTo('component') }),
      ...(dice.maybe(0.4) && { providesApis: many(1 + dice.below(3), () => refTo('api')) }),
      ...(dice.maybe(0.4) && { consumesApis: many(dice.below(3), () => refTo('api')) }),
      ...(dice.maybe(0.4) && { dependsOn: many(1 + dice.below(4), () => (dice.maybe(0.5) ? fullRefTo('component') : fullRefTo('resource'))) }),
    }),
  );
  many(8, (i) => add('Template', i, { type: 'service', owner: refTo('group'), steps: [{ id: 'log', action: 'debug:log', input: { message: `number ${i}` } }] }, 'scaffolder.backstage.io/v1beta3'));
  many(8, (i) => add('AiResource', i, { type: dice.pick(['skill', 'prompt']), lifecycle: lifecycle(), owner: refTo('group') }));
  return shuffle(documents, dice);
}

/** Titles, tags, labels, annotations, links and keys of one's own. */
function decorate(metadata, dice) {
  if (dice.maybe(0.5)) metadata.title = dice.pick(TITLES);
  if (dice.maybe(0.3)) metadata.description = 'A description. '.repeat(dice.pick([1, 10, 14, 40])).trim();
  if (dice.maybe(0.1)) metadata.description = 'd'.repeat(dice.pick([199, 200, 201]));
  if (dice.maybe(0.6)) metadata.tags = dice.some(LANGUAGES, 4);
  if (dice.maybe(0.4)) metadata.labels = { tier: dice.pick(['gold', 'Gold', 'silver', '']), 'example.org/zone': dice.pick(['eu-1', 'us-1']) };
  if (dice.maybe(0.6)) {
    metadata.annotations = {
      'backstage.io/techdocs-ref': dice.pick(['dir:.', 'url:https://example.org/docs']),
      ...(dice.maybe(0.5) && { 'github.com/project-slug': `acme/${dice.pick(['orders', 'Orders', 'web'])}` }),
      ...(dice.maybe(0.3) && { 'example.org/Mixed-Case': dice.pick(['Yes', 'no', '']) }),
      ...(dice.maybe(0.2) && { 'example.org/long': 'long '.repeat(60).trim() }),
    };
  }
  if (dice.maybe(0.2)) metadata.links = [{ url: 'https://example.org/a?x=1', title: 'A' }, { url: 'https://example.org/b', icon: 'web' }];
  if (dice.maybe(0.2)) metadata.priority = dice.below(20);
}

/** Keys that no kind declares: numbers, booleans, null, arrays and objects. */
function odd(dice) {
  return {
    ...(dice.maybe(0.4) && { cost: dice.pick([0, 7, 10, 1.5, -3, 1e21, 1e-7, 0.1]) }),
    ...(dice.maybe(0.4) && { public: dice.maybe(0.5) }),
    ...(dice.maybe(0.1) && { retired: null }),
    ...(dice.maybe(0.2) && { ports: [80, 443, true, 'Http', null].slice(0, 1 + dice.below(5)) }),
    ...(dice.maybe(0.2) && { deep: { list: [{ id: dice.below(5) }, ['inner']], level: dice.pick(['low', 'HIGH']), empty: {} } }),
  };
}

function shuffle(list, dice) {
  const left = [...list];
  const mixed = [];
  while (left.length > 0) mixed.push(...left.splice(dice.below(left.length), 1));
  return mixed;
}

/** Writes documents as several files of several documents, the last of them reached through a Location only. */
export function writeCatalog(dir, documents) {
  fs.mkdirSync(path.join(dir, 'parts'), { recursive: true });
  const size = 40;
  for (let start = 0, part = 0; start < documents.length; start += size, part += 1) {
    const last = start + size >= documents.length;
    const text = documents.slice(start, start + size).map((document) => stringify(document)).join('---\n');
    fs.writeFileSync(path.join(dir, 'parts', last ? 'reached.yml' : `part-${part}.yaml`), `---\n${text}`);
  }
  const location = { apiVersion: SPEC, kind: 'Location', metadata: { name: 'reached' }, spec: { targets: ['./parts/reached.yml'] } };
  fs.writeFileSync(path.join(dir, 'location.yaml'), stringify(location));
  return [{ type: 'file', target: './location.yaml' }, { type: 'file', target: './parts/part-*.yaml' }];
}

/** A configuration over the generated files and the quickstart; gives its path. */
export function writeConfig(dir, locations, extra = {}) {
  const quickstart = path.join(root, 'examples/quickstart');
  const config = parse(fs.readFileSync(path.join(quickstart, 'app-config.yaml'), 'utf8'));
  const theirs = config.catalog.locations.map((one) => ({ ...one, target: path.join(quickstart, one.target) }));
  config.catalog.rules[0].allow.push('AiResource');
  config.catalog.locations = [...theirs, ...locations];
  const file = path.join(dir, 'app-config.yaml');
  fs.writeFileSync(file, stringify({ ...config, ...extra }));
  return file;
}
