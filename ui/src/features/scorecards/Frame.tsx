import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { Page } from '~/kit/Page';
import { useDocumentTitle } from '~/parts/model';
import classes from './scorecards.module.css';

const places = [
  { to: '/scorecards', title: 'All scorecards' },
  { to: '/scorecards/next', title: 'What to fix next' },
  { to: '/scorecards/exemptions', title: 'Exemptions' },
  { to: '/scorecards/campaigns', title: 'Campaigns' },
] as const;

interface FrameProps {
  title: string;
  subtitle?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}

/** A page about standards, with the way to the others. */
export function Frame({ title, subtitle, actions, children }: FrameProps) {
  const documentTitle = useDocumentTitle(title);
  return (
    <Page documentTitle={documentTitle} title={title} subtitle={subtitle} actions={actions}>
      <nav className={classes.places} aria-label="Scorecards">
        {places.map(({ to, title: name }) => (
          <Link key={to} to={to} search={{}} activeOptions={{ exact: true, includeSearch: false }} className={classes.placeLink}>
            {name}
          </Link>
        ))}
      </nav>
      {children}
    </Page>
  );
}
