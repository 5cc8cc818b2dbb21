import { Skeleton } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './Page.module.css';

interface PageProps {
  /** Shown in the browser's tab. */
  documentTitle: string;
  title: ReactNode;
  icon?: ReactNode;
  /** One quiet line under the title. */
  subtitle?: ReactNode;
  actions?: ReactNode;
  /** The page fills the window and scrolls inside. */
  fill?: boolean;
  children: ReactNode;
}

export function Page({ documentTitle, title, icon, subtitle, actions, fill = false, children }: PageProps) {
  return (
    <div className={classes.page} data-fill={fill || undefined}>
      <title>{documentTitle}</title>
      <header className={classes.header}>
        <div className={classes.titles}>
          <h1 className={classes.title}>
            {icon}
            <span className={classes.titleText}>{title}</span>
          </h1>
          {subtitle && <div className={classes.subtitle}>{subtitle}</div>}
        </div>
        {actions && <div className={classes.actions}>{actions}</div>}
      </header>
      {children}
    </div>
  );
}

interface SectionProps {
  title: ReactNode;
  aside?: ReactNode;
  children: ReactNode;
}

export function Section({ title, aside, children }: SectionProps) {
  return (
    <section className={classes.section}>
      <div className={classes.sectionHead}>
        <h2 className={classes.sectionTitle}>{title}</h2>
        {aside && <div className="sd-dim">{aside}</div>}
      </div>
      {children}
    </section>
  );
}

interface EmptyProps {
  title: string;
  children?: ReactNode;
}

/** Says that there is nothing, and what to do about it. */
export function Empty({ title, children }: EmptyProps) {
  return (
    <div className={classes.empty}>
      <p className={classes.emptyTitle}>{title}</p>
      {children && <div className="sd-dim">{children}</div>}
    </div>
  );
}

/** Stands in for lines that are on their way. */
export function Waiting({ lines = 8 }: { lines?: number }) {
  return (
    <div role="status" aria-label="Loading" className={classes.waiting}>
      {Array.from({ length: lines }, (_, i) => (
        <Skeleton key={i} height={12} width={`${92 - ((i * 37) % 48)}%`} radius={3} />
      ))}
    </div>
  );
}
