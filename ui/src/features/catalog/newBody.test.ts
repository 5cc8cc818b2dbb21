import { describe, expect, it } from 'vitest';
import { bodyOf, fieldOfMessage, readBody } from './newBody';

describe('a new entity', () => {
  it('sends what has a value', () => {
    const body = { identifier: ' a ', title: '', properties: { tier: 'gold', n: null, tags: [] }, relations: { owner: null } };
    expect(bodyOf(body)).toEqual({ identifier: 'a', properties: { tier: 'gold' }, relations: {} });
  });
  it('reads what its JSON says', () => {
    expect(readBody('{"identifier": "a", "team": ["x"], "properties": {"n": 1}}')).toEqual({
      identifier: 'a', title: '', properties: { n: 1 }, relations: {}, others: { team: ['x'] },
    });
    expect(() => readBody('{"properties": []}')).toThrow('"properties" must be an object.');
    expect(() => readBody('[')).toThrow();
  });
  it('finds the field that is wrong', () => {
    expect(fieldOfMessage('"properties/tier" must be string')).toBe('properties.tier');
    expect(fieldOfMessage(`"properties" must have required property 'tier'`)).toBe('properties.tier');
    expect(fieldOfMessage('"identifier" must match pattern')).toBe('identifier');
    expect(fieldOfMessage('no such thing')).toBeUndefined();
  });
});
