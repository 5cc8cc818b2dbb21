import { IconLock } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { homeQuery } from '~/api/home';
import { sourcesQuery } from '~/api/queries';
import { approvalsQuery } from '~/api/runs';
import { Hidden } from '~/kit/Mono';
import { useSession, useWhyNot } from '~/parts/session';
import { CatalogTree } from './CatalogTree';
import { NavSection } from './NavSection';
import { administrationPages, mainPages, type PageEntry } from './pages';
import classes from './Shell.module.css';

export function Nav({ onNavigate }: { onNavigate: () => void }) {
  const { version } = useSession();
  return (
    <>
      <div className={classes.nav} onClick={onNavigate}>
        {mainPages.map((page) => (
          <NavLink key={page.to} page={page} aside={asides[page.to]} />
        ))}
        <CatalogTree />
        <NavSection name="administration" title="Administration" count={administrationPages.length}>
          <ul>
            {administrationPages.map((page) => (
              <li key={page.to}>
                <NavLink page={page} />
              </li>
            ))}
          </ul>
        </NavSection>
      </div>
      <div className={classes.footer}>Stagedoor {version}</div>
    </>
  );
}

const asides: Record<string, ReactNode> = { '/sources': <SourceProblems />, '/approvals': <Waiting /> };

/** What one may not see stays in the list, with a lock: the page says why. */
function NavLink({ page: { to, title, icon: Icon, action }, aside }: { page: PageEntry; aside?: ReactNode }) {
  const reason = useWhyNot(action ?? '');
  return (
    <Link to={to} className={classes.item} activeOptions={{ exact: true, includeSearch: false }} title={reason}>
      <Icon size={16} stroke={1.6} aria-hidden />
      <span className={classes.itemText}>{title}</span>
      {reason === undefined ? aside : <IconLock size={13} stroke={1.6} role="img" aria-label="(not for you)" />}
    </Link>
  );
}

/** Runs that wait for the viewer: the session counts them, and the page of approvals knows it better. */
function Waiting() {
  const { approvals } = useSession();
  const { data } = useQuery({ ...approvalsQuery, enabled: false });
  const waiting = data?.total ?? approvals;
  if (waiting === 0) return null;
  return (
    <span className={`${classes.itemCount} ${classes.problems}`}>
      {waiting}
      <Hidden> waiting for you</Hidden>
    </span>
  );
}

/** Known once a page has asked for the sources; the navigation alone does not ask. */
function SourceProblems() {
  const { data: sources } = useQuery({ ...sourcesQuery, enabled: false });
  const { data: home } = useQuery({ ...homeQuery, enabled: false });
  const bad = sources?.sources.filter((source) => source.state !== 'fresh' || source.problems.length > 0);
  const problems = bad?.length ?? home?.badSources.length ?? 0;
  if (problems === 0) return null;
  return (
    <span className={`${classes.itemCount} ${classes.problems}`}>
      {problems}
      <Hidden> with problems</Hidden>
    </span>
  );
}
