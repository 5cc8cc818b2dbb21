// Documents, whole and damaged, judged by both: POST /validate-entity.
import { compareRequest } from './single.mjs';
import { damaged } from './generated.mjs';

const LOCATION = 'url:https://larkfell.example/catalog-info.yaml';
const DOCUMENTS = 400;

export async function documents(both, dice, entities) {
  const judged = entities.filter((entity) => entity.kind !== 'Location');
  const ask = (entity, location = LOCATION) => compareRequest(both, { method: 'POST', path: '/validate-entity', body: { entity, location } }, 'documents');
  for (let left = DOCUMENTS; left > 0; left -= 1) await ask(damaged(dice, dice.pick(judged)));
  const good = { apiVersion: 'backstage.io/v1alpha1', kind: 'Component', metadata: { name: 'good' }, spec: { type: 'a', lifecycle: 'b', owner: 'c' } };
  for (const location of ['', 'nonsense', 'file:/etc/passwd', 'url:', 'url:nonsense', 'https://larkfell.example/x', 'url:javascript:alert(1)', 7, null]) await ask(good, location);
  for (const body of [{}, { entity: good }, { location: LOCATION }, { entity: 'x', location: LOCATION }, { entity: [], location: LOCATION }, { entity: {}, location: LOCATION }, { entity: good, location: LOCATION, other: 1 }, 'x', ''])
    await compareRequest(both, { method: 'POST', path: '/validate-entity', body }, 'documents');
}
