import { expect, it } from 'vitest';
import { around, lineDiff } from './lines';

const told = (before: string, after: string) => lineDiff(before, after).map(({ kind, text }) => `${{ same: ' ', before: '-', after: '+' }[kind]}${text}`);

it('tells what goes and what comes', () => {
  expect(told('a\nb\nc\n', 'a\nx\nc\n')).toEqual([' a', '-b', '+x', ' c']);
  expect(told('a\nb\nc\nd', 'b\nd\ne')).toEqual(['-a', ' b', '-c', ' d', '+e']);
  expect(told('', 'a')).toEqual(['-', '+a']);
  expect(told('a\nb', 'a\nb')).toEqual([' a', ' b']);
});

it('gives every text back', () => {
  const before = Array.from({ length: 60 }, (_, i) => `line ${(i * 7) % 13}`);
  const after = Array.from({ length: 50 }, (_, i) => `line ${(i * 5) % 11}`);
  const lines = lineDiff(before.join('\n'), after.join('\n'));
  expect(lines.filter(({ kind }) => kind !== 'after').map(({ text }) => text)).toEqual(before);
  expect(lines.filter(({ kind }) => kind !== 'before').map(({ text }) => text)).toEqual(after);
});

it('leaves out what is far from any difference, and says how much', () => {
  const lines = Array.from({ length: 30 }, (_, i) => `l${i}`);
  const { parts, skipped } = around(lineDiff(lines.join('\n'), lines.with(15, 'new').join('\n')));
  expect(parts.map(({ lines: some, skipped: n }) => [some.length, n])).toEqual([[8, 12]]);
  expect(skipped).toBe(11);
});
