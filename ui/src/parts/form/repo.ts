/** The parts of a repository's address: `github.com?owner=o&repo=r`. */
export interface Repo {
  host: string;
  owner?: string;
  repo?: string;
  organization?: string;
  workspace?: string;
  project?: string;
}

export type RepoKey = Exclude<keyof Repo, 'host'>;

export function readRepo(text: string): Repo {
  const [host = '', query = ''] = text.split('?');
  const parts = new URLSearchParams(query);
  const of = (key: RepoKey) => parts.get(key) ?? undefined;
  return { host, owner: of('owner'), repo: of('repo'), organization: of('organization'), workspace: of('workspace'), project: of('project') };
}

export function writeRepo({ host, ...rest }: Repo): string {
  const parts = new URLSearchParams();
  for (const [key, value] of Object.entries(rest)) if (value) parts.set(key, value);
  const query = parts.toString();
  return query ? `${host}?${query}` : host;
}

/** What a host asks for, with its own words. */
export function repoParts(host: string, options: Record<string, unknown>): { key: RepoKey; title: string; allowed?: string[] }[] {
  const list = (key: string) => (Array.isArray(options[key]) && options[key].length > 0 ? options[key].map(String) : undefined);
  const repo = { key: 'repo' as const, title: text(options.repoLabel) ?? 'Repository', allowed: list('allowedRepos') };
  const owner = { key: 'owner' as const, title: text(options.ownerLabel) ?? 'Owner', allowed: list('allowedOwners') };
  const project = { key: 'project' as const, title: 'Project', allowed: list('allowedProjects') };
  if (/(^|\.)azure\.com$|visualstudio\.com$/.test(host)) return [{ key: 'organization', title: 'Organization', allowed: list('allowedOrganizations') }, project, repo];
  if (host === 'bitbucket.org') return [{ key: 'workspace', title: 'Workspace', allowed: list('allowedOwners') }, project, repo];
  if (/bitbucket/.test(host)) return [project, repo];
  if (/gerrit/.test(host)) return [repo];
  return [owner, repo];
}

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);
