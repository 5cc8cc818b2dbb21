import { Hidden } from '~/kit/Mono';
import { formatNumber } from '~/lib/text';
import { share, type PartsProps } from './Bars';
import classes from './charts.module.css';
import { noneColor, seriesColor } from './colors';

const OUTER = 60;
const INNER = 38;

/** A ring, and its legend with words and numbers: the legend says everything, the ring is its picture. */
export function Pie({ parts, total, unit, link }: PartsProps) {
  const sum = parts.reduce((all, part) => all + part.count, 0);
  const colored = parts.map((part, n) => ({ ...part, color: part.none ? noneColor : (part.color ?? seriesColor(n)) }));
  let from = 0;
  const arcs = colored.map((part) => {
    const arc = { part, from, to: from + (sum === 0 ? 0 : part.count / sum) };
    from = arc.to;
    return arc;
  });
  return (
    <div className={classes.pie} data-chart="pie">
      <svg className={classes.ring} viewBox="-62 -62 124 124" aria-hidden>
        {arcs.map(({ part, ...arc }) => (
          <path key={part.key} d={ring(arc.from, arc.to)} style={{ fill: part.color }} data-slice={part.key} />
        ))}
        <text textAnchor="middle" y="4">
          {formatNumber(total)}
        </text>
        <text className={classes.unit} textAnchor="middle" y="20">
          {unit}
        </text>
      </svg>
      <ul className={classes.legend}>
        {colored.map((part) => (
          <li key={part.key} data-legend={part.key}>
            {link(
              part,
              classes.entry,
              <>
                <span className={classes.swatch} style={{ background: part.color }} aria-hidden />
                <span className={classes.label} title={part.title}>
                  {part.title}
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
    </div>
  );
}

/** The outline of a part of the ring, from and to being parts of the whole. */
function ring(from: number, to: number): string {
  // a whole circle has no beginning; a hair's breadth gives it one
  const end = to - from >= 1 ? from + 0.9999 : to;
  const at = (part: number, radius: number) => {
    const angle = part * 2 * Math.PI - Math.PI / 2;
    return `${(Math.cos(angle) * radius).toFixed(2)} ${(Math.sin(angle) * radius).toFixed(2)}`;
  };
  const large = end - from > 0.5 ? 1 : 0;
  return `M ${at(from, OUTER)} A ${OUTER} ${OUTER} 0 ${large} 1 ${at(end, OUTER)} L ${at(end, INNER)} A ${INNER} ${INNER} 0 ${large} 0 ${at(from, INNER)} Z`;
}
