// POST /documents of the mock: reads YAML or JSON, says what would change, and applies it.
import { isDeepStrictEqual } from 'node:util';
import { LineCounter, parseAllDocuments } from 'yaml';
import { blueprints } from './fixtures.mjs';
import { find, put } from './catalog.mjs';

export function documents(text, dryRun) {
  const lines = new LineCounter();
  const result = { dryRun, created: [], changed: [], unchanged: [], rejected: [] };
  parseAllDocuments(text, { lineCounter: lines }).forEach((doc, index) => {
    const at = lines.linePos(doc.errors[0]?.pos[0] ?? doc.contents?.range?.[0] ?? 0);
    const reject = (message, ref = null) => result.rejected.push({ index, line: at.line, column: at.col, ref, message });
    if (doc.errors.length > 0) return reject(doc.errors[0].message.split('\n')[0]);
    const value = doc.toJS();
    if (value === null) return undefined;
    const blueprint = blueprints.find((b) => b.kind?.toLowerCase() === String(value?.kind).toLowerCase());
    if (!value?.kind || !value?.metadata?.name) return reject('a document needs kind and metadata.name');
    const ref = `${value.kind.toLowerCase()}:${value.metadata.namespace ?? 'default'}/${value.metadata.name}`;
    if (!blueprint) return reject(`there is no blueprint for kind "${value.kind}"`, ref);
    const identifier = blueprint.shipped ? ref : value.metadata.name;
    const properties = { ...value.spec, description: value.metadata.description, tags: value.metadata.tags };
    const old = find(blueprint.identifier, identifier);
    const same = old && isDeepStrictEqual(JSON.parse(JSON.stringify(properties)), old.properties);
    result[old ? (same ? 'unchanged' : 'changed') : 'created'].push({ ref, blueprint: blueprint.identifier, identifier, index });
    if (!dryRun && !same) {
      const now = new Date().toISOString();
      put({
        identifier, ref, blueprint: blueprint.identifier, title: value.metadata.title ?? value.metadata.name, icon: null, team: [],
        properties: JSON.parse(JSON.stringify(properties)), relations: old?.relations ?? {}, createdAt: old?.createdAt ?? now, updatedAt: now, problems: 0,
      });
    }
    return undefined;
  });
  const good = result.created.length + result.changed.length + result.unchanged.length;
  return { status: result.rejected.length === 0 ? 200 : good > 0 ? 207 : 422, body: result };
}
