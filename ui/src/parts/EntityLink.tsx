import { Link } from '@tanstack/react-router';
import type { LinkTo } from '~/api/types';
import { Hidden } from '~/kit/Mono';
import classes from './parts.module.css';

interface EntityLinkProps {
  link: Pick<LinkTo, 'blueprint' | 'identifier' | 'title' | 'exists' | 'ref'>;
  /** Among other words rather than in a table or list. */
  inline?: boolean;
}

/** A link to an entity. One whose target does not exist yet is marked and leads nowhere. */
export function EntityLink({ link, inline = false }: EntityLinkProps) {
  const text = link.title || link.ref || link.identifier;
  if (!link.exists) {
    return (
      <span className={classes.dangling} title={`${link.ref ?? link.identifier} does not exist yet`}>
        {text}
        <Hidden> (does not exist yet)</Hidden>
      </span>
    );
  }
  return (
    <Link
      className={classes.link}
      data-inline={inline || undefined}
      to="/entity/$blueprint"
      params={{ blueprint: link.blueprint }}
      search={{ id: link.identifier }}
      title={link.ref ?? link.identifier}
    >
      {text}
    </Link>
  );
}

/** Links on one line; what does not fit is counted, never dropped in silence. */
export function EntityLinks({ links, max = 2, inline = false }: { links: LinkTo[]; max?: number; inline?: boolean }) {
  const hidden = links.slice(max);
  return (
    <>
      {links.slice(0, max).map((link, i) => (
        <span key={`${link.blueprint} ${link.identifier}`}>
          {i > 0 && ', '}
          <EntityLink link={link} inline={inline} />
        </span>
      ))}
      {hidden.length > 0 && (
        <span className="sd-dim" title={hidden.map((link) => link.title).join('\n')}>
          {' '}
          +{hidden.length}
        </span>
      )}
    </>
  );
}
