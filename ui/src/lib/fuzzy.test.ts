import { expect, test } from 'vitest';
import { findBest, fits } from './fuzzy';

test('titles fit the better the nearer the beginning the text is', () => {
  expect(['Data model', 'Data model of', 'My data model', 'Metadata model', 'Sources'].map((title) => fits(title, 'data model'))).toEqual([0, 1, 2, 3, undefined]);
  expect(fits('Register a location', 'location register')).toBe(4);
  expect(fits('Sources', 'so')).toBe(1);
});

test('a slip or two are forgiven, in short texts fewer', () => {
  expect(fits('Sources', 'sorces')).toBe(5);
  expect(fits('Service accounts', 'serivce')).toBe(5);
  expect(fits('Data model', 'daat')).toBe(5);
  expect(fits('Switch to the dark theme', 'swtich theme')).toBe(7);
  expect(fits('Sources', 'xyz')).toBeUndefined();
  expect(fits('Teams', 'tx')).toBeUndefined();
});

test('the best come first, and all where nothing is typed', () => {
  const titles = ['Add documents', 'Documents', 'Document'];
  expect(findBest(titles, 'document', (title) => [title])).toEqual(['Document', 'Documents', 'Add documents']);
  expect(findBest(titles, '', (title) => [title])).toEqual(titles);
});
