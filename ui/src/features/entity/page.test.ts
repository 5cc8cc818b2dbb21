import { describe, expect, it } from 'vitest';
import { partsOf, pathTo } from './page';

const model = [
  { identifier: 'component', relations: { system: { target: 'system' } } },
  { identifier: 'system', relations: { domain: { target: 'domain' } } },
  { identifier: 'domain', relations: {} },
] as unknown as Parameters<typeof partsOf>[2];

describe('the page of a blueprint', () => {
  it('adds tabs, widgets of the overview and paths to what is built in', () => {
    const table = { type: 'table-entities-explorer-by-direction', blueprintConfig: { a: { title: 'Services', targetBlueprint: 'component', relatedProperty: 'system.domain' } } };
    const parts = partsOf(
      [
        {
          type: 'grouper',
          displayMode: 'tabs',
          groups: [
            { title: 'Overview', widgets: [{ type: 'dashboard-widget', layout: [], widgets: [{ type: 'entity-details' }] }, { type: 'markdown', id: 'm' }] },
            { title: 'Related entities', widgets: [{ type: 'grouper', displayMode: 'switch', groups: [{ title: 'x', widgets: [table] }] }] },
            { title: 'Runs', widgets: [{ type: 'runs-table' }] },
            { title: 'Costs', widgets: [{ type: 'line-chart', id: 'l' }] },
          ],
        },
      ],
      'domain',
      model,
    );
    expect(parts.tabs.map(({ title }) => title)).toEqual(['Costs']);
    expect(parts.overview.map(({ id }) => id)).toEqual(['m']);
    expect(parts.paths).toEqual([{ title: 'Services', path: 'system domain/component system' }]);
  });

  it('follows a path of its own as it is, and none that leads elsewhere', () => {
    expect(pathTo('component', 'domain', 'system.domain', model)).toBe('system/domain');
    expect(pathTo('component', 'domain', 'system.ghost', model)).toBeNull();
    expect(partsOf(null, 'domain', model)).toEqual({ tabs: [], overview: [], paths: [] });
  });
});
