import { Button } from '@mantine/core';
import { useState } from 'react';
import { safeHref } from '~/lib/urls';
import { ExternalLink } from './ExternalLink';
import { useSession } from './session';
import classes from './viewer.module.css';

/** A page of another site in a frame without rights, if the configuration allows its origin. Nothing of it is loaded before somebody asks. */
export function ViewerEmbed({ url, title }: { url: string; title: string }) {
  const { frames } = useSession();
  const [open, setOpen] = useState(false);
  const href = safeHref(url);
  if (!href || !/^https?:/.test(href)) return <span>{url}</span>;
  const origin = new URL(href).origin;
  if (!isAllowed(origin, frames ?? [])) {
    return (
      <div className={classes.closed}>
        <ExternalLink url={url} />
        <p className="sd-dim">
          It is not shown here: an administrator may add <code>{origin}</code> to <code>stagedoor.frames</code> in the configuration.
        </p>
      </div>
    );
  }
  if (!open) {
    return (
      <div className={classes.closed}>
        <ExternalLink url={url} />
        <div>
          <Button variant="default" mt={8} onClick={() => setOpen(true)}>
            Show it here
          </Button>
        </div>
      </div>
    );
  }
  return <iframe className={classes.frame} src={href} title={title} sandbox="allow-scripts allow-forms allow-popups" referrerPolicy="no-referrer" loading="lazy" />;
}

/** As the policy of the page has it: exact, or any host below `*.`. */
export function isAllowed(origin: string, allowed: string[]): boolean {
  return allowed.some((one) => {
    if (!one.includes('://*.')) return one.toLowerCase() === origin.toLowerCase();
    const [scheme, rest = ''] = one.split('://*.');
    return origin.startsWith(`${scheme}://`) && origin.toLowerCase().endsWith(`.${rest.toLowerCase()}`);
  });
}
