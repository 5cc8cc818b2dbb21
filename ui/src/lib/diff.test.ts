import { describe, expect, it } from 'vitest';
import { differences } from './diff';

describe('differences', () => {
  it('tells the deepest places that differ', () => {
    const before = { title: 'a', properties: { tags: ['x', 'y'], on: true }, relations: {} };
    const after = { title: 'b', properties: { tags: ['x', 'z', 'q'], on: true, n: 3 }, relations: {} };
    expect(differences(before, after)).toEqual([
      { path: 'title', kind: 'changed', before: '"a"', after: '"b"' },
      { path: 'properties.tags[1]', kind: 'changed', before: '"y"', after: '"z"' },
      { path: 'properties.tags[2]', kind: 'added', after: '"q"' },
      { path: 'properties.n', kind: 'added', after: '3' },
    ]);
  });

  it('tells what is wholly new or gone part by part', () => {
    expect(differences(null, { a: { b: 1 } })).toEqual([{ path: 'a.b', kind: 'added', after: '1' }]);
    expect(differences({ a: 1 }, null)).toEqual([{ path: 'a', kind: 'removed', before: '1' }]);
  });

  it('tells a text from a number, and takes null and absent for nothing', () => {
    expect(differences({ a: '3' }, { a: 3 })).toHaveLength(1);
    expect(differences({ a: null }, {})).toEqual([]);
    expect(differences({ a: null }, { a: '' })).toEqual([{ path: 'a', kind: 'added', after: '""' }]);
  });

  it('survives a change of type and odd keys', () => {
    expect(differences({ a: [1] }, { a: { b: 1 } })).toEqual([{ path: 'a', kind: 'changed', before: '[1]', after: '{"b":1}' }]);
    expect(differences(JSON.parse('{"__proto__": 1}'), {})).toEqual([{ path: '__proto__', kind: 'removed', before: '1' }]);
  });
});
