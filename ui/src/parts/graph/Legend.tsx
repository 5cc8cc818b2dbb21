import { IconEye, IconEyeOff } from '@tabler/icons-react';
import { formatNumber } from '~/lib/text';
import classes from './graph.module.css';
import { colorOf } from './scene';

interface Item {
  name: string;
  title: string;
  count: number;
  /** Number of its colour. */
  group?: number;
  off: boolean;
  /** It cannot be left out. */
  fixed?: boolean;
}

interface LegendProps {
  title: string;
  items: Item[];
  onToggle: (name: string) => void;
  /** All others are left out. */
  onOnly?: (name: string) => void;
}

/** What there is, in which colour, how often; each may be left out. */
export function Legend({ title, items, onToggle, onOnly }: LegendProps) {
  if (items.length === 0) return null;
  return (
    <section className={classes.legend}>
      <h2>{title}</h2>
      <ul aria-label={title}>
        {items.map(({ name, title: text, count, group, off, fixed }) => (
          <li key={name} data-off={off || undefined}>
            <button type="button" aria-pressed={!off} disabled={fixed} onClick={() => onToggle(name)} title={off ? 'Show again' : 'Leave out'}>
              {group !== undefined && <span className={classes.swatch} style={{ background: off ? 'transparent' : colorOf(group), borderColor: colorOf(group) }} aria-hidden />}
              <span className={classes.legendText}>{text}</span>
              <span className={classes.legendCount}>{off ? 'left out' : formatNumber(count)}</span>
              {!fixed && (off ? <IconEyeOff size={13} aria-hidden /> : <IconEye size={13} aria-hidden />)}
            </button>
            {onOnly && !off && !fixed && items.length > 1 && (
              <button type="button" className={classes.only} onClick={() => onOnly(name)} aria-label={`Only ${text}`}>
                only
              </button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
