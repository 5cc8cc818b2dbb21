import { describe, expect, it } from 'vitest';
import { changeOf, conflictsOf, draftOf, jsonOf, readJson } from './draft';

const base = draftOf({ title: 'A', team: [], properties: { cost: 1, note: 'x' }, relations: { system: 's' } });

describe('a draft', () => {
  it('sends what has changed, and null for what is gone', () => {
    const { 'properties.note': _, ...rest }: Record<string, unknown> = { ...base, 'properties.cost': 2 };
    expect(changeOf(base, rest)).toEqual({ properties: { cost: 2, note: null } });
    expect(changeOf(base, { ...base })).toEqual({});
    expect(changeOf(base, { ...base, title: 'B', 'relations.system': null })).toEqual({ title: 'B', relations: { system: null } });
  });

  it('knows what somebody else has changed meanwhile', () => {
    const mine = { ...base, 'properties.cost': 2, title: 'B' };
    expect(conflictsOf(base, mine, { ...base, 'properties.note': 'y' })).toEqual([]);
    expect(conflictsOf(base, mine, { ...base, 'properties.cost': 3 })).toEqual(['properties.cost']);
    expect(conflictsOf(base, mine, { ...base, 'properties.cost': 2 })).toEqual([]);
  });

  it('is JSON both ways, without what is locked', () => {
    const locks = { 'properties.note': 'Stated by a.yaml.' };
    const text = jsonOf(base, locks);
    expect(text).not.toContain('note');
    expect(readJson(text, base, locks)).toEqual(base);
    expect(() => readJson('{"properties": {"note": "z"}}', base, locks)).toThrow('properties.note: Stated by a.yaml.');
    expect(() => readJson('{"color": 1}', base, locks)).toThrow('there is no field "color"');
    expect(() => readJson('[]', base, locks)).toThrow('expected an object');
  });
});
