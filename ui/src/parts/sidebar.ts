import type { SidebarItem } from '~/api/pages';
import { useModel } from './model';

/** The lines of the sidebar from top to bottom. They come with the model: the shell asks for nothing else. */
export function useSidebar(): SidebarItem[] {
  return (useModel().sidebar ?? []) as unknown as SidebarItem[];
}
