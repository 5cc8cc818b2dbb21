import { Button } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { GraphResult } from '~/api/entity';
import { Mono } from '~/kit/Mono';
import { formatNumber } from '~/lib/text';
import { BlueprintIcon } from '../BlueprintIcon';
import { EntityLink } from '../EntityLink';
import classes from './graph.module.css';

interface GraphPanelProps {
  graph: GraphResult;
  at: number;
  /** References of what was opened. */
  expanded: string[];
  onOpen: (at: number) => void;
  onFocus: (ref: string | undefined) => void;
}

const mostShown = 12;

/** The node that is looked at: what it is, what it is related to, what can be done with it. */
export function GraphPanel({ graph, at, expanded, onOpen, onFocus }: GraphPanelProps) {
  const node = graph.nodes[at];
  if (!node) return null;
  const ends = graph.edges.flatMap(({ from, to, key, relation }) =>
    from === at ? [{ other: to, text: key ?? relation, out: true }] : to === at ? [{ other: from, text: key ?? relation, out: false }] : [],
  );
  const { hidden } = node;
  return (
    <section className={classes.panel} aria-label={node.title}>
      <div className={classes.panelHead}>
        <BlueprintIcon blueprint={node.blueprint} size={16} />
        <strong>
          <EntityLink link={{ ...node, exists: !node.missing }} />
        </strong>
        <button type="button" aria-label="Look at nothing" className={classes.close} onClick={() => onFocus(undefined)}>
          <IconX size={14} aria-hidden />
        </button>
      </div>
      <Mono dim wrap>
        {node.ref}
      </Mono>
      <p className="sd-dim">
        {hidden.all > 0
          ? `${formatNumber(hidden.all)} hidden around it: ${formatNumber(hidden.out)} that it leads to, ${formatNumber(hidden.in)} that lead to it`
          : 'Nothing is hidden around it.'}
      </p>
      <div className={classes.panelButtons}>
        {(hidden.all > 0 || node.hops > 0) && (
          <Button size="compact-xs" variant="default" onClick={() => onOpen(at)}>
            {hidden.all > 0 && !expanded.includes(node.ref) ? `Show ${formatNumber(hidden.all)} more` : 'Close'}
          </Button>
        )}
        {!node.missing && (
          <Button
            size="compact-xs"
            variant="default"
            renderRoot={(props) => <Link {...props} to="/graph" search={{ entity: node.ref }} />}
          >
            Graph from here
          </Button>
        )}
      </div>
      <ul className={classes.ends}>
        {ends.slice(0, mostShown).map(({ other, text, out }, i) => (
          <li key={i}>
            <span className="sd-dim">{out ? `${text} →` : `← ${text}`}</span>{' '}
            <button type="button" className={classes.plain} onClick={() => onFocus(graph.nodes[other]?.ref)}>
              {graph.nodes[other]?.title}
            </button>
          </li>
        ))}
      </ul>
      {ends.length > mostShown && <p className="sd-dim">{formatNumber(ends.length - mostShown)} more relations in the drawing</p>}
    </section>
  );
}
