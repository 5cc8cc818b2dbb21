import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { client, port, unwrap } from './client';
import type { components } from './schema';

type Native = components['schemas'];

/** A widget as Port's pages have it: its type says what else it holds. */
export interface WidgetJson {
  id?: string;
  type: string;
  title?: string;
  [key: string]: unknown;
}

export interface LayoutRow {
  height: number;
  columns: { id: string; size: number }[];
}

/** A widget that lays others out. */
export interface BoardJson extends WidgetJson {
  layout: LayoutRow[];
  widgets: WidgetJson[];
}

export interface Group {
  title: string;
  icon?: string;
  widgets: WidgetJson[];
}

export interface PageFilter {
  identifier: string;
  title: string;
  query: unknown;
}

export interface PageJson {
  identifier: string;
  title?: string;
  icon?: string;
  description?: string;
  type: 'dashboard' | 'blueprint-entities' | 'entity' | 'home';
  blueprint?: string;
  widgets: WidgetJson[];
  pageFilters?: PageFilter[];
  locked?: boolean;
  parent?: string;
  [key: string]: unknown;
}

/** A line of the sidebar. */
export interface SidebarItem {
  identifier: string;
  title: string;
  sidebarType: 'folder' | 'page';
  type?: PageJson['type'];
  icon?: string;
  blueprint?: string;
  /** Its widgets are those that it has by itself. */
  standard?: boolean;
  parent?: string;
}

export type WidgetData = Native['WidgetData'];
export type DataOf<Kind extends WidgetData['kind']> = Extract<WidgetData, { kind: Kind }>;

export interface PageData {
  page: PageJson | null;
  mayChange: boolean;
  widgets: Record<string, WidgetData>;
}

export interface PageAsk {
  page?: string;
  widgets?: WidgetJson[];
  entity?: { blueprint: string; identifier: string };
  /** Identifiers of the page's filters that are on. */
  chosen?: string[];
}

/** A page and what all its widgets show. */
export const pageDataQuery = (ask: PageAsk) =>
  queryOptions({
    queryKey: ['widgets', ask],
    queryFn: async ({ signal }) => (await unwrap(client.POST('/widgets/data', { body: ask, signal }))) as unknown as PageData,
    placeholderData: keepPreviousData,
    retry: false,
  });

const at = (page: string) => ({ params: { path: { page } } });

export const createPage = async (page: Partial<PageJson>) => (await unwrap(port.POST('/pages', { body: page as never }))).identifier;
export const patchPage = (page: string, change: Record<string, unknown>) => unwrap(port.PATCH('/pages/{page}', { ...at(page), body: change as never }));
export const deletePage = (page: string) => unwrap(port.DELETE('/pages/{page}', at(page)));

/** Whom one half of a page's permissions names. */
export interface PageBlock {
  users: string[];
  roles: string[];
  teams: string[];
}
export interface PagePermissions {
  read: PageBlock;
  update: PageBlock;
}

const blockOf = (sent: Partial<PageBlock> | null | undefined): PageBlock => ({ users: sent?.users ?? [], roles: sent?.roles ?? [], teams: sent?.teams ?? [] });

export const pagePermissionsQuery = (page: string) =>
  queryOptions({
    queryKey: ['page permissions', page],
    queryFn: async ({ signal }): Promise<PagePermissions> => {
      const { permissions } = (await unwrap(port.GET('/pages/{page}/permissions', { ...at(page), signal }))) as { permissions: Partial<PagePermissions> };
      return { read: blockOf(permissions.read), update: blockOf(permissions.update) };
    },
    // a form is made of it
    staleTime: 0,
    gcTime: 0,
    meta: { still: true },
  });

export const patchPagePermissions = (page: string, permissions: PagePermissions) => unwrap(port.PATCH('/pages/{page}/permissions', { ...at(page), body: permissions }));

export const createFolder = (identifier: string, title: string) => unwrap(port.POST('/sidebars/catalog/folders', { body: { identifier, title } }));
export const patchFolder = (folder: string, change: { title?: string; parent?: string | null; after?: string | null }) =>
  unwrap(port.PATCH('/sidebars/catalog/folders/{folder}', { params: { path: { folder } }, body: change }));
export const deleteFolder = (folder: string) => unwrap(port.DELETE('/sidebars/catalog/folders/{folder}', { params: { path: { folder } } }));

/** The rules of a query: those that all have to hold, or what is wrong with it. */
export async function rulesOf(text: string, blueprint?: string): Promise<{ rules: unknown[]; problem?: string }> {
  if (text.trim() === '') return { rules: [] };
  const answer = await unwrap(client.POST('/query', { body: { text, blueprint: blueprint || undefined } }));
  const rules = answer.rules as { combinator?: string; rules?: unknown[] } | undefined;
  if (answer.problem || !rules) return { rules: [], problem: answer.problem?.message ?? 'This is no query.' };
  return { rules: rules.combinator === 'and' ? (rules.rules ?? []) : [rules] };
}
