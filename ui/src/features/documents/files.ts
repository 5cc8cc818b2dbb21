/** Files of one folder that are read, at most. */
const mostFiles = 2_000;
/** What the server takes at once. */
const mostBytes = 8 * 1024 * 1024;

const isDocument = ({ name }: File) => /\.(ya?ml|json)$/i.test(name);
/** Where no documents of one's own are. */
const isForeign = ({ webkitRelativePath }: File) => /(^|\/)(node_modules|\.[^/]+|vendor|target|dist)\//.test(webkitRelativePath);
/** Of a repository: where it names its documents as Backstage does, its other YAML is something else. */
const isNamed = ({ name }: File) => /^catalog-info(\..+)?\.(ya?ml|json)$/i.test(name);

/** The documents among the files of a folder, by path. */
export function documentsIn(files: File[]): File[] {
  const all = files.filter((file) => isDocument(file) && !isForeign(file));
  const named = all.filter(isNamed);
  return (named.length > 0 ? named : all).sort((a, b) => a.webkitRelativePath.localeCompare(b.webkitRelativePath));
}

/** The texts of files as one; throws where that is too much for one answer. */
export async function readFiles(files: File[]): Promise<string> {
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  if (files.length > mostFiles || bytes > mostBytes) {
    throw new Error(`These are ${files.length} files with ${Math.ceil(bytes / 1024 / 1024)} MB: too much to paste. List the folder in catalog.locations of app-config.yaml instead.`);
  }
  const texts = await Promise.all(files.map((file) => file.text()));
  return texts
    .map((text) => text.trim())
    .filter(Boolean)
    .join('\n---\n');
}
