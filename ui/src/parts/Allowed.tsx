import type { ComponentProps, ReactNode } from 'react';
import { Explained } from '~/kit/Explained';
import { Empty } from '~/kit/Page';
import { useWhyNot } from './session';

/** Around a button: it works for whoever may do this, and tells everybody else why not. */
export function Allowed({ action, children }: { action: string; children: ComponentProps<typeof Explained>['children'] }) {
  return <Explained why={useWhyNot(action)}>{children}</Explained>;
}

/** Around the content of a page: what may not be read is not asked for. */
export function AllowedPage({ action, children }: { action: string; children: ReactNode }) {
  const reason = useWhyNot(action);
  if (reason === undefined) return <>{children}</>;
  return <Empty title="You may not see this.">{reason}</Empty>;
}
