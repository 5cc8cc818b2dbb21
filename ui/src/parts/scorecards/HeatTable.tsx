import type { ReactNode } from 'react';
import type { Counts, HeatGroup, HeatMap } from '~/api/scorecards';
import { Hidden } from '~/kit/Mono';
import { formatNumber } from '~/lib/text';
import { passShare, percent } from './counts';
import { CountsBar, inWords } from './CountsBar';
import classes from './scorecards.module.css';

interface HeatTableProps {
  label: string;
  map: HeatMap;
  rules: { identifier: string; title: string; level: string }[];
  /** What the groups are. */
  by: string;
  /** Around a cell: leads to its entities. */
  link: (group: HeatGroup, rule: string | undefined, title: string, children: ReactNode) => ReactNode;
}

/** Groups by rules: how much of each group keeps each rule. A cell says its number; the colour only helps to find the low ones. */
export function HeatTable({ label, map, rules, by, link }: HeatTableProps) {
  return (
    <div className={classes.heat} tabIndex={0} role="region" aria-label={label}>
      <table>
        <thead>
          <tr>
            <th scope="col">{by}</th>
            {rules.map(({ identifier, title, level }) => (
              <th key={identifier} scope="col">
                {title}
                <em>{level}</em>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {map.groups.map((group) => (
            <tr key={group.key ?? '\n'}>
              <th scope="row">
                {link(
                  group,
                  undefined,
                  `${group.title}: ${formatNumber(group.total)}`,
                  <>
                    {group.key === null ? <span className="sd-dim">{group.title || 'No value'}</span> : group.title} <span className="sd-dim">{formatNumber(group.total)}</span>
                  </>,
                )}
              </th>
              {rules.map(({ identifier, title }) => (
                <Cell key={identifier} counts={group.rules[identifier]} around={(children, words) => link(group, identifier, `${group.title}, ${title}: ${words}`, children)} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Cell({ counts, around }: { counts: Counts | undefined; around: (children: ReactNode, words: string) => ReactNode }) {
  const share = counts ? passShare(counts) : null;
  if (!counts || share === null) {
    return (
      <td>
        <span className="sd-dim">
          –<Hidden> not applicable</Hidden>
        </span>
      </td>
    );
  }
  const open = counts.failed + counts.notMeasured;
  return (
    <td style={{ background: tint(share) }} data-share={Math.round(share * 100)}>
      {around(
        <>
          <span className={classes.heatNumber}>
            <b>{percent(share)}</b>
            {open > 0 && <i>{formatNumber(open)} open</i>}
          </span>
          <CountsBar counts={counts} thin />
        </>,
        inWords(counts),
      )}
    </td>
  );
}

/** From red over nothing to green-blue; so pale that text reads on it in both themes. */
function tint(share: number): string {
  const strength = Math.round(Math.abs(share - 0.5) * 2 * 26);
  return `color-mix(in srgb, var(${share < 0.5 ? '--sd-bad' : '--sd-ok'}) ${strength}%, var(--sd-bg))`;
}
