import { describe, expect, it } from 'vitest';
import type { Blueprint } from '~/api/types';
import { facetFields, fieldsOf, typedValue, visibleFields } from './fields';

const blueprint = {
  properties: {
    description: { type: 'string', format: 'markdown' },
    settings: { type: 'object' },
    version: { type: 'string' },
    engine: { type: 'string', enum: ['a', 'b'] },
    encrypted: { type: 'boolean' },
  },
  relations: {
    owner: { title: 'Owner', target: 'group', many: false, required: false },
    usedBy: { title: '', target: 'component', many: true, required: false },
  },
} as unknown as Blueprint;

const ids = (fields: { id: string }[]) => fields.map((field) => field.id);

describe('fields', () => {
  const fields = fieldsOf(blueprint);
  it('shows the telling columns first and hides long text and objects', () => {
    expect(ids(visibleFields(fields, undefined, new Set()))).toEqual([
      'title', 'properties.engine', 'relations.owner', 'properties.version', 'properties.encrypted', 'relations.usedBy',
    ]);
  });
  it('leaves out what hardly any row has a value for', () => {
    expect(ids(visibleFields(fields, undefined, new Set(['properties.version'])))).not.toContain('properties.version');
  });
  it('obeys the chosen columns and keeps the title', () => {
    expect(ids(visibleFields(fields, 'properties.settings', new Set()))).toEqual(['title', 'properties.settings']);
  });
  it('offers facets for short values only', () => {
    expect(ids(facetFields(fields))).toEqual([
      'properties.engine', 'relations.owner', 'properties.version', 'properties.encrypted', 'relations.usedBy', 'team',
    ]);
  });
  it('gives filter values their type back', () => {
    const encrypted = fields.find((field) => field.id === 'properties.encrypted');
    expect(typedValue(encrypted, 'false')).toBe(false);
    expect(typedValue(undefined, '5')).toBe('5');
    expect(typedValue(encrypted, null)).toBeNull();
  });
});
