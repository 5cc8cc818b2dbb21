import { Button } from '@mantine/core';
import { useMemo, useState } from 'react';
import type { GraphNode, GraphResult } from '~/api/entity';
import { Mono } from '~/kit/Mono';
import { count, formatNumber } from '~/lib/text';
import { BlueprintIcon } from '../BlueprintIcon';
import { EntityLink } from '../EntityLink';
import classes from './graph.module.css';

interface GraphListProps {
  graph: GraphResult;
  found: Set<number> | null;
  onOpen: (node: number) => void;
}

const firstShown = 200;

/** The same graph as a table: for the keyboard, for screen readers, and for reading. */
export function GraphList({ graph, found, onOpen }: GraphListProps) {
  const [all, setAll] = useState(false);
  const lines = useMemo(() => linesOf(graph), [graph]);
  const shown = found ? lines.filter(({ at }) => found.has(at)) : lines;
  const rows = all ? shown : shown.slice(0, firstShown);
  return (
    <div className={classes.list} role="region" aria-label="Graph as a list" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Steps</th>
            <th scope="col">Entity</th>
            <th scope="col">Blueprint</th>
            <th scope="col">Leads to</th>
            <th scope="col">Led to by</th>
            <th scope="col">Hidden</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ at, node, out, into }) => (
            <tr key={node.ref}>
              <td className="sd-nums">{node.hops}</td>
              <td>
                <span className={classes.named}>
                  <BlueprintIcon blueprint={node.blueprint} size={14} />
                  <EntityLink link={{ ...node, exists: !node.missing }} />
                </span>
              </td>
              <td>{node.kind ?? node.blueprint}</td>
              <Ends graph={graph} ends={out} />
              <Ends graph={graph} ends={into} />
              <td>
                {node.hidden.all > 0 ? (
                  <Button variant="subtle" size="compact-xs" onClick={() => onOpen(at)} aria-label={`Show ${formatNumber(node.hidden.all)} hidden around ${node.title}`}>
                    Show {formatNumber(node.hidden.all)}
                  </Button>
                ) : (
                  <span className="sd-dim">none</span>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length < shown.length && (
        <p className={classes.more}>
          {count(shown.length - rows.length, 'entity is', 'entities are')} not listed yet.{' '}
          <Button variant="subtle" size="compact-xs" onClick={() => setAll(true)}>
            List all
          </Button>
        </p>
      )}
    </div>
  );
}

interface End {
  to: number;
  relation: string;
}

interface Line {
  at: number;
  node: GraphNode;
  out: End[];
  into: End[];
}

function linesOf({ nodes, edges }: GraphResult): Line[] {
  const lines = nodes.map((node, at): Line => ({ at, node, out: [], into: [] }));
  for (const { from, to, key, relation } of edges) {
    lines[from]?.out.push({ to, relation: key ?? relation });
    lines[to]?.into.push({ to: from, relation: key ?? relation });
  }
  return lines;
}

function Ends({ graph, ends }: { graph: GraphResult; ends: End[] }) {
  const most = 3;
  return (
    <td>
      {ends.slice(0, most).map(({ to, relation }, i) => (
        <span key={i} className={classes.end}>
          <Mono dim>{relation}</Mono> {graph.nodes[to]?.title}
        </span>
      ))}
      {ends.length > most && <span className="sd-dim">and {formatNumber(ends.length - most)} more</span>}
    </td>
  );
}
