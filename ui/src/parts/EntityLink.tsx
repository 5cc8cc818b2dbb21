import { useRouter } from '@tanstack/react-router';
import type { MouseEvent } from 'react';
import type { LinkTo } from '~/api/types';
import { Hidden } from '~/kit/Mono';
import { stringifySearch } from '~/lib/search';
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
  return <Leading link={link} inline={inline} text={text} />;
}

/** The pointer that only passes by asks for nothing. */
const glance = 60;
let waiting = 0;

/** What the router's own link does, for a table has hundreds of them: that one follows every step of the router, this one asks it when it is used. */
function Leading({ link, inline, text }: { link: EntityLinkProps['link']; inline: boolean; text: string }) {
  const router = useRouter();
  const to = { to: '/entity/$blueprint', params: { blueprint: link.blueprint }, search: { id: link.identifier } } as const;
  const go = (event: MouseEvent) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    void router.navigate(to);
  };
  const soon = () => {
    window.clearTimeout(waiting);
    waiting = window.setTimeout(() => void router.preloadRoute(to).catch(() => undefined), glance);
  };
  return (
    <a
      className={classes.link}
      data-inline={inline || undefined}
      href={`/entity/${encodeURIComponent(link.blueprint)}${stringifySearch({ id: link.identifier })}`}
      title={link.ref ?? link.identifier}
      onClick={go}
      onMouseEnter={soon}
      onMouseLeave={() => window.clearTimeout(waiting)}
      onFocus={soon}
    >
      {text}
    </a>
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
