import { IconChevronRight } from '@tabler/icons-react';
import { useId, useState, type ReactNode } from 'react';
import classes from './Shell.module.css';

interface NavSectionProps {
  /** Under which it is remembered whether it is closed. */
  name: string;
  title: string;
  /** How many entries a closed section hides. */
  count?: number;
  children: ReactNode;
}

const keyOf = (name: string) => `stagedoor-nav-${name}`;

/** A part of the navigation that can be closed; this browser remembers it. */
export function NavSection({ name, title, count, children }: NavSectionProps) {
  const id = useId();
  const [open, setOpen] = useState(() => localStorage.getItem(keyOf(name)) === null);
  const toggle = () => {
    if (open) localStorage.setItem(keyOf(name), 'closed');
    else localStorage.removeItem(keyOf(name));
    setOpen(!open);
  };
  return (
    <section className={classes.group} aria-labelledby={id}>
      <h2 className={classes.groupTitle}>
        <button
          type="button"
          id={id}
          className={classes.groupButton}
          aria-expanded={open}
          onClick={(event) => {
            // on a phone a click in the navigation closes it; this one leads nowhere
            event.stopPropagation();
            toggle();
          }}
        >
          <IconChevronRight size={12} stroke={2} aria-hidden />
          {title}
          {!open && count !== undefined && <span className={classes.itemCount}>{count}</span>}
        </button>
      </h2>
      {open && children}
    </section>
  );
}
