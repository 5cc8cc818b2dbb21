const numbers = new Intl.NumberFormat('en');

export const formatNumber = (n: number) => numbers.format(n);

/** "1 entity", "12 entities". */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${formatNumber(n)} ${n === 1 ? one : many}`;
}

export function shorten(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max - 1).trimEnd()}…`;
}

/** Markdown as one line of plain text, for places with room for nothing more. */
export function plainMarkdown(text: string): string {
  return text
    .replace(/```[\s\S]*?```/g, ' ')
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/^\s{0,3}(#{1,6}|>|[-*+]|\d+\.)\s+/gm, '')
    .replace(/(\*\*|__|`|~~)/g, '')
    .replace(/\s+/g, ' ')
    .trim();
}

const abbreviations: Record<string, string> = { api: 'API', apis: 'APIs', id: 'ID', ids: 'IDs', url: 'URL', urls: 'URLs' };

/** `dependsOnComponent` and `owning_group` as words: "Depends on component". */
export function words(key: string): string {
  const text = key
    .replace(/[_-]+/g, ' ')
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z](?!s\b)[a-z])/g, '$1 $2')
    .split(' ')
    .filter(Boolean)
    .map((word) => abbreviations[word.toLowerCase()] ?? (/^[A-Z]{2,}s?$/.test(word) ? word : word.toLowerCase()))
    .join(' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The file part of a long path or address, with its folder. */
export function shortPath(path: string): string {
  const parts = path.replace(/^file:/, '').split('/').filter(Boolean);
  return parts.length <= 2 ? path.replace(/^file:/, '') : `…/${parts.slice(-2).join('/')}`;
}

const browsers: [RegExp, string][] = [
  [/Edg\//, 'Edge'],
  [/Firefox\//, 'Firefox'],
  [/Chrom(e|ium)\//, 'Chrome'],
  [/Safari\//, 'Safari'],
];
const systems: [RegExp, string][] = [
  [/Android/, 'Android'],
  [/iPhone|iPad/, 'iOS'],
  [/Windows/, 'Windows'],
  [/Mac OS X/, 'macOS'],
  [/Linux/, 'Linux'],
];

/** "Firefox on Linux", as far as a browser says who it is. */
export function browserName(agent: string | null | undefined): string {
  if (!agent) return 'Unknown';
  const find = (list: [RegExp, string][]) => list.find(([pattern]) => pattern.test(agent))?.[1];
  const [browser, system] = [find(browsers), find(systems)];
  if (!browser) return shorten(agent, 40);
  return system ? `${browser} on ${system}` : browser;
}

/** An identifier made of a title. */
export const slug = (title: string) =>
  title
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '');
