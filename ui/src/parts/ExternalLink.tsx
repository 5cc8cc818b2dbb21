import { IconExternalLink } from '@tabler/icons-react';
import { safeHref, shortUrl } from '~/lib/urls';
import classes from './parts.module.css';

/** A link out of the portal. What is no web or mail address stays text. */
export function ExternalLink({ url, text }: { url: string; text?: string }) {
  const href = safeHref(url);
  if (href === null) return <>{text === undefined || text === url ? url : `${text} (${url})`}</>;
  return (
    <a className={classes.external} href={href} target="_blank" rel="noopener noreferrer" title={url}>
      {text ?? shortUrl(url)}
      {!href.startsWith('mailto:') && <IconExternalLink size={12} aria-label="(opens in a new tab)" />}
    </a>
  );
}
