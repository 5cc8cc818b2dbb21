import { Skeleton } from '@mantine/core';
import { lazy, Suspense } from 'react';
import { formatNumber } from '~/lib/text';
import classes from './charts.module.css';
import { seriesColor } from './colors';

export interface Series {
  title: string;
  values: (number | null)[];
}

interface LinesProps {
  /** The beginning of each interval, as people read it. */
  dates: string[];
  series: Series[];
  label: string;
  yTitle?: string;
}

const Plot = lazy(() => import('./Plot'));

/** Lines over time, and their numbers as a table for whoever cannot or would not look. */
export function Lines({ dates, series, label, yTitle }: LinesProps) {
  return (
    <div className={classes.line} data-chart="lines">
      <div className={classes.plot} aria-hidden>
        <Suspense fallback={<Skeleton height="100%" />}>
          <Plot dates={dates} series={series} yTitle={yTitle} />
        </Suspense>
      </div>
      {series.length > 1 && (
        <ul className={classes.keys} aria-hidden>
          {series.map((one, n) => (
            <li key={one.title} className={classes.key}>
              <span className={classes.swatch} style={{ background: seriesColor(n) }} />
              {one.title}
            </li>
          ))}
        </ul>
      )}
      <details className={classes.data}>
        <summary>Numbers</summary>
        <div tabIndex={0} role="region" aria-label={`Numbers of ${label}`}>
          <table>
            <thead>
              <tr>
                <th scope="col">From</th>
                {series.map((one) => (
                  <th key={one.title} scope="col">
                    {one.title}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {dates.map((date, at) => (
                <tr key={at}>
                  <th scope="row">{date}</th>
                  {series.map((one) => (
                    <td key={one.title}>{one.values[at] === null || one.values[at] === undefined ? '–' : formatNumber(one.values[at])}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </div>
  );
}
