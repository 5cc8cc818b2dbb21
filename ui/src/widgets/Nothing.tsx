import type { ReactNode } from 'react';
import type { WidgetJson } from '~/api/pages';
import classes from './widgets.module.css';

/** What a widget says that has nothing to show. */
export function Nothing({ widget, children }: { widget: WidgetJson; children: ReactNode }) {
  const own = typeof widget.emptyStateText === 'string' && widget.emptyStateText !== '' ? widget.emptyStateText : undefined;
  return <p className={classes.nothing}>{own ?? children}</p>;
}
