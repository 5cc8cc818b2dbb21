import type { ReactNode } from 'react';
import { Hidden } from '~/kit/Mono';
import { formatNumber } from '~/lib/text';
import classes from './charts.module.css';
import { noneColor, seriesColor } from './colors';

export interface Part {
  key: string;
  title: string;
  count: number;
  /** A CSS colour; without one the chart chooses. */
  color?: string;
  /** Those that have no value. */
  none?: boolean;
}

/** Around a part that leads somewhere; the chart knows no router. */
export type Linked = (part: Part, className: string | undefined, children: ReactNode) => ReactNode;

export interface PartsProps {
  parts: Part[];
  total: number;
  /** What is counted. */
  unit: string;
  link: Linked;
}

export const share = (count: number, total: number) => {
  const percent = total === 0 ? 0 : (count / total) * 100;
  return percent > 0 && percent < 1 ? '<1%' : `${Math.round(percent)}%`;
};

/** Lying bars: as long as their counts, with words and numbers beside them. */
export function Bars({ parts, total, unit, link }: PartsProps) {
  const longest = Math.max(1, ...parts.map((part) => part.count));
  return (
    <ul className={classes.bars} data-chart="bars">
      {parts.map((part) => (
        <li key={part.key} className={classes.bar} data-bar={part.key}>
          {link(
            part,
            classes.bar,
            <>
              <span className={classes.label} title={part.title}>
                {part.title}
              </span>
              <span className={classes.track} aria-hidden>
                <span
                  className={classes.fill}
                  style={{ width: `${(part.count / longest) * 100}%`, background: part.none ? noneColor : (part.color ?? seriesColor(0)) }}
                />
              </span>
              <span className={classes.figure}>
                {formatNumber(part.count)}
                <Hidden> {unit}</Hidden> <span className={classes.share}>{share(part.count, total)}</span>
              </span>
            </>,
          )}
        </li>
      ))}
    </ul>
  );
}
