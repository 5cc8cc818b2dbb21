import type { ReactNode } from 'react';
import { useSession } from '~/parts/session';
import classes from './session.module.css';

interface DoorProps {
  documentTitle: string;
  title: string;
  children: ReactNode;
}

/** A page in front of the portal: its name, one thing to do, nothing around it. */
export function Door({ documentTitle, title, children }: DoorProps) {
  const session = useSession();
  return (
    <main className={classes.door}>
      <title>{`${documentTitle} – ${session.title}`}</title>
      <div className={classes.column}>
        <p className={classes.portal}>{session.title}</p>
        <h1 className={classes.title}>{title}</h1>
        {children}
      </div>
    </main>
  );
}
