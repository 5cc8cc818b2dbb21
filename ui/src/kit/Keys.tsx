import classes from './Keys.module.css';

const mac = /Mac|iP(hone|ad)/.test(navigator.platform);

/** Keys as they are printed on the keyboard: `g h` one after the other, `mod+K` together. */
export function Keys({ keys }: { keys: string }) {
  const parts = keys.split(' ').map((part) => part.replace('mod+', mac ? '⌘' : 'Ctrl '));
  return (
    <span className={classes.keys}>
      {parts.map((part, i) => (
        <span key={part}>
          {i > 0 && <span className="sd-dim"> then </span>}
          <kbd className={classes.key}>{part}</kbd>
        </span>
      ))}
    </span>
  );
}
