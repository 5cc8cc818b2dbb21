import type { ReactNode } from 'react';
import classes from './text.module.css';

/** Refs, paths and other machine text. */
export function Mono({ children, dim = false, wrap = false }: { children: ReactNode; dim?: boolean; wrap?: boolean }) {
  return <span className={classes.mono} data-dim={dim || undefined} data-wrap={wrap || undefined}>{children}</span>;
}

/** Text for screen readers only. */
export function Hidden({ children }: { children: ReactNode }) {
  return <span className="sd-visually-hidden">{children}</span>;
}

export function Dim({ children }: { children: ReactNode }) {
  return <span className="sd-dim">{children}</span>;
}

/** A value out of a short list, quietly: a dot when it has a colour, then the word. */
export function Tag({ children, color }: { children: ReactNode; color?: string }) {
  return (
    <span className={classes.tag}>
      {color !== undefined && <span className={classes.dot} style={{ background: dotColor(color) }} aria-hidden />}
      {children}
    </span>
  );
}

/** A word among other words: an array's item, a tag. */
export function Chip({ children }: { children: ReactNode }) {
  return <span className={classes.chip}>{children}</span>;
}

// middle tones: each is at least 3:1 against both backgrounds
const dots: Record<string, string> = {
  blue: '#3f72d8', turquoise: '#1596a3', orange: '#cc6a1b', purple: '#8a5cd0', pink: '#cc4f92',
  yellow: '#ad8a00', green: '#2f9150', red: '#d2453d', darkgray: '#6b6f78', lightgray: '#8f939c',
  gray: '#7d818a', bronze: '#a5673f', gold: '#a98600', silver: '#868b94', lime: '#5f9a1f',
  paleblue: '#5b93c9', olive: '#7d7f2e', brown: '#95623c', black: '#6b6f78', white: '#8f939c',
};

/** A colour by the name that Port has for it. */
export const dotColor = (name: string) => dots[name.toLowerCase()] ?? dots.gray;
