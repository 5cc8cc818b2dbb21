import { describe, expect, it } from 'vitest';
import { documentsIn, readFiles } from './files';

function file(path: string, text = ''): File {
  const made = new File([text], path.split('/').at(-1) ?? '');
  Object.defineProperty(made, 'webkitRelativePath', { value: path });
  return made;
}

const names = (paths: string[]) => documentsIn(paths.map((path) => file(path))).map(({ webkitRelativePath }) => webkitRelativePath);

describe('a folder', () => {
  it('gives the documents that are named as such, wherever they are', () => {
    expect(names(['r/z/catalog-info.yaml', 'r/ci.yml', 'r/catalog-info.yaml', 'r/node_modules/x/catalog-info.yaml', 'r/.git/config.yaml'])).toEqual(['r/catalog-info.yaml', 'r/z/catalog-info.yaml']);
  });
  it('gives all YAML and JSON where none is', () => {
    expect(names(['r/b.yml', 'r/a.yaml', 'r/readme.md', 'r/c.json'])).toEqual(['r/a.yaml', 'r/b.yml', 'r/c.json']);
  });
  it('is read as one text, if it is not too much', async () => {
    expect(await readFiles([file('a.yaml', 'a: 1\n'), file('empty.yaml'), file('b.yaml', 'b: 2')])).toBe('a: 1\n---\nb: 2');
    await expect(readFiles(Array.from({ length: 2_001 }, () => file('a.yaml')))).rejects.toThrow(/2001 files/);
  });
});
