import { queryOptions } from '@tanstack/react-query';
import { client, unwrap } from './client';
import type { RunRow } from './runs';
import type { components } from './schema';

type Native = components['schemas'];

/** Runs that concern the reader. */
interface HomeRuns {
  runs: RunRow[];
  approvals: RunRow[];
  approvalsTotal: number;
}

export type Home = Omit<Native['HomePage'], keyof HomeRuns> & HomeRuns;
export type HomeOwned = Native['HomeOwned'];
export type HomeAttention = Native['HomeAttention'];
export type HomeRecent = Native['HomeRecent'];
export type PinnedLink = Native['PinnedLink'];
export type HomeSection = Native['LayoutSection'];
export type HomeTable = Native['HomeTable'];
export type FirstSteps = Native['FirstSteps'];

/** What concerns the reader. */
export const homeQuery = queryOptions({
  queryKey: ['home'],
  queryFn: async ({ signal }) => (await unwrap(client.GET('/home', { signal }))) as unknown as Home,
});

export const putLayout = (sections: HomeSection[] | null) => unwrap(client.PUT('/home/layout', { body: { layout: sections && { sections } } }));
export const putLinks = (links: PinnedLink[]) => unwrap(client.PUT('/home/links', { body: { links } }));
export const putOrganizationLinks = (links: PinnedLink[]) => unwrap(client.PUT('/home/organization-links', { body: { links } }));

/** Tells the server that an entity was looked at. */
export const noteViewed = (blueprint: string, identifier: string) => unwrap(client.POST('/viewed', { body: { blueprint, identifier } }));
