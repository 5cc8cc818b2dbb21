const allowed = new Set(['http:', 'https:', 'mailto:']);

/** The address to put into an `href`, or null when the value must stay plain text. Entity data
 * comes from anywhere, so only web and mail addresses are ever made clickable. */
export function safeHref(value: unknown): string | null {
  if (typeof value !== 'string') return null;
  const text = value.trim();
  if (!/^(https?:\/\/|mailto:)/i.test(text)) return null;
  try {
    const url = new URL(text);
    return allowed.has(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

/** A mail address as an `href`, or null when it does not look like one. */
export function mailHref(value: unknown): string | null {
  if (typeof value !== 'string' || !/^[^\s@?&]+@[^\s@?&]+$/.test(value.trim())) return null;
  return safeHref(`mailto:${value.trim()}`);
}

/** A web address without what every address has. */
export function shortUrl(url: string): string {
  return url.replace(/^https?:\/\/(www\.)?/, '').replace(/\/$/, '');
}

/**
 * A place in this program, to be led to after signing in: path, search and hash of `value`, or the start page when it
 * would lead anywhere else. Browsers read `/\\host` and `//host`, with tabs in between too, as another host.
 */
export function localPath(value: unknown): string {
  if (typeof value !== 'string' || !value.startsWith('/')) return '/';
  const here = 'http://here.invalid';
  try {
    const url = new URL(value, here);
    if (url.origin !== here || url.username || url.pathname.startsWith('//')) return '/';
    return url.pathname === '/sign-in' || url.pathname === '/welcome' ? '/' : url.pathname + url.search + url.hash;
  } catch {
    return '/';
  }
}
