import { expect, it } from 'vitest';
import { fitted, leadsTo } from './templates';

const service = {
  identifier: 'service',
  relations: { home: { target: 'repository' }, uses: { target: 'service', many: true } },
  mirrorProperties: { visibility: { path: 'home.visibility' }, theirs: { path: 'uses.$title' } },
  aggregationProperties: { incidents: { target: 'incident' } },
};
const repository = { identifier: 'repository', relations: {}, mirrorProperties: {}, aggregationProperties: {} };

it('leaves out what leads nowhere', () => {
  const [alone] = fitted([service], []);
  expect(alone).toMatchObject({ relations: { uses: { target: 'service' } }, mirrorProperties: { theirs: {} }, aggregationProperties: {} });
  expect(Object.keys(alone!.relations)).toEqual(['uses']);
  expect(Object.keys(alone!.mirrorProperties)).toEqual(['theirs']);
});

it('keeps what leads to others that are made with it, or are there', () => {
  const [first] = fitted([service, repository], ['incident']);
  expect(first).toEqual(service);
  expect(leadsTo(service, new Set(['service', 'repository']))).toEqual(['repository']);
});
