// Checks the direction of imports: app -> features -> widgets -> parts -> kit, api -> lib. The rule for each
// feature is made from the folder that is there, so a new feature is fenced without being listed.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const src = fileURLToPath(new URL('../src', import.meta.url));
const folders = (path) => readdirSync(path).filter((name) => statSync(join(path, name)).isDirectory());
const features = folders(join(src, 'features')).map((name) => `features/${name}`);

const rules = {
  lib: { layers: [], packages: /^vitest$/ },
  kit: { layers: ['lib'], packages: /^(?!@tanstack\/react-(router|query)|openapi)/ },
  api: { layers: ['lib'], packages: /^(@tanstack\/react-query|openapi-fetch|vitest)$/ },
  parts: { layers: ['kit', 'api', 'lib'] },
  widgets: { layers: ['parts', 'kit', 'api', 'lib'] },
  ...Object.fromEntries(features.map((name) => [name, { layers: ['widgets', 'parts', 'kit', 'api', 'lib'] }])),
  app: { layers: [...features, 'widgets', 'parts', 'kit', 'api', 'lib'] },
};

const layerOf = (path) => {
  const [first, second] = relative(src, path).split('/');
  return first === 'features' ? `features/${second}` : first;
};

function* files(path) {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const full = join(path, entry.name);
    if (entry.isDirectory()) yield* files(full);
    else if (/\.tsx?$/.test(entry.name)) yield full;
  }
}

const problems = [];
let checked = 0;
for (const file of files(src)) {
  const layer = layerOf(file);
  const rule = rules[layer];
  const name = relative(src, file);
  if (!rule) {
    problems.push(`${name}: belongs to no layer`);
    continue;
  }
  for (const [, target] of readFileSync(file, 'utf8').matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)) {
    checked += 1;
    const own = target.startsWith('~/') ? join(src, target.slice(2)) : target.startsWith('.') ? resolve(dirname(file), target) : null;
    if (own === null) {
      if (rule.packages && !rule.packages.test(target)) problems.push(`${name}: ${layer} may not use ${target}`);
    } else if (layerOf(own) !== layer && !rule.layers.includes(layerOf(own))) {
      problems.push(`${name}: ${layer} may not import ${layerOf(own)}`);
    } else if (/\/api\/(port-)?schema$/.test(own) && layer !== 'api') {
      problems.push(`${name}: only src/api may use the generated types; take them from ~/api/types`);
    }
  }
}
if (checked === 0) problems.push('found no imports at all');
for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
