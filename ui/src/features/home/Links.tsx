import { useDisclosure } from '@mantine/hooks';
import { IconExternalLink, IconLink } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import type { Home, PinnedLink } from '~/api/home';
import { Section } from '~/kit/Page';
import { safeHref } from '~/lib/urls';
import classes from './home.module.css';

const LinksWindow = lazy(() => import('./LinksWindow').then((module) => ({ default: module.LinksWindow })));

/** Pinned links: those of the organization, then the reader's own. */
export function Links({ home: { organizationLinks, links } }: { home: Home }) {
  const [opened, window] = useDisclosure(false);
  const edit = (
    <button type="button" className={classes.plain} onClick={window.open}>
      Edit links
    </button>
  );
  const all = [...organizationLinks, ...links];
  return (
    <Section title="Links" aside={edit}>
      {all.length === 0 && <p className={classes.line}>Pin what you need often: a dashboard, a runbook, a saved view.</p>}
      <ul aria-label="Links">
        {all.map((link, i) => (
          <li key={`${i} ${link.url}`} className={classes.recent}>
            <Pinned link={link} />
          </li>
        ))}
      </ul>
      {opened && (
        <Suspense fallback={null}>
          <LinksWindow links={links} organizationLinks={organizationLinks} onClose={window.close} />
        </Suspense>
      )}
    </Section>
  );
}

function Pinned({ link: { title, url } }: { link: PinnedLink }) {
  if (url.startsWith('/')) {
    return (
      <>
        <IconLink size={15} stroke={1.6} aria-hidden />
        <Link to={url} className={classes.link}>
          {title}
        </Link>
      </>
    );
  }
  const href = safeHref(url);
  return (
    <>
      <IconExternalLink size={15} stroke={1.6} aria-hidden />
      {href ? (
        <a href={href} target="_blank" rel="noopener noreferrer" className={classes.link} title={url}>
          {title}
        </a>
      ) : (
        <span title={url}>{title}</span>
      )}
    </>
  );
}
