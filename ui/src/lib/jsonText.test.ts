import { describe, expect, it } from 'vitest';
import { offsetOf, placeOf, readJson } from './jsonText';

describe('readJson', () => {
  it('reads what JSON.parse reads', () => {
    for (const text of ['{}', '[1,-2.5e3,"a\\n\\"b",true,null,{"x":[]}]', ' {"a" : {"b":"ü"} } ', '"x"', '{"__proto__":1}']) {
      expect(JSON.stringify(readJson(text).value), text).toBe(JSON.stringify(JSON.parse(text)));
    }
  });
  it('tells the first mistake and its place', () => {
    const wrong = (text: string) => {
      const { error } = readJson(text);
      return error && `${error.from}-${error.to} ${error.message}`;
    };
    expect(wrong('{"a":1,}')).toBe('7-8 expected a key in double quotes');
    expect(wrong('{"a":1 "b":2}')).toBe('7-8 expected a comma or a closing brace');
    expect(wrong('{"a":"x\n}')).toBe('5-7 a closing quote is missing');
    expect(wrong('{"a":1,"a":2}')).toBe('7-10 "a" is there twice');
    expect(wrong('')).toBe('0-1 a value is missing');
    expect(wrong('[01]')).toBe('2-3 expected a comma or a closing bracket');
    expect(wrong(`${'['.repeat(300)}`)).toContain('nested too deep');
  });
  it('knows where things stand', () => {
    const text = '{"schema": {"properties": {"a": {"type": "x"}}}, "l": [1, 2]}';
    const read = readJson(text);
    const shown = (pointer: string) => {
      const { from, to } = placeOf(read, pointer);
      return text.slice(from, to);
    };
    expect(shown('/schema/properties/a/type')).toBe('"x"');
    expect(shown('/schema/properties/a/format')).toBe('{"type": "x"}');
    expect(shown('/l/1')).toBe('2');
    expect(shown('/nothing')).toBe(text);
  });
});

describe('offsetOf', () => {
  it('counts lines and columns from 1', () => {
    expect(offsetOf('ab\ncd\nef', 2, 2)).toBe(4);
    expect(offsetOf('ab\ncd', 9)).toBe(5);
    expect(offsetOf('ab\ncd', 1, 99)).toBe(2);
  });
});
