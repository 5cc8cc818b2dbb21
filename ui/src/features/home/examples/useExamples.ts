import { useSidebar } from '~/parts/sidebar';

/** The dashboard of the examples: by it the portal knows that they are there. */
export const pageIdentifier = 'examples';

/** Whether the examples have been added, by their dashboard; and whether somebody has made one of his own. */
export function useExamples(): { examples: boolean; begun: boolean } {
  const items = useSidebar();
  return { examples: items.some(({ identifier }) => identifier === pageIdentifier), begun: items.some(({ type, identifier }) => type === 'dashboard' && identifier !== pageIdentifier) };
}
