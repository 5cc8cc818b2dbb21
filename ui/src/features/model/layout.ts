import { Graph, layout } from '@dagrejs/dagre';
import type { Model } from '~/api/types';

export const nodeWidth = 188;
export const nodeHeight = 54;

export interface PlacedNode {
  id: string;
  x: number;
  y: number;
}

/** All relations from one blueprint to another. */
export interface PlacedEdge {
  id: string;
  from: string;
  to: string;
  relations: string[];
  /** How many links there are between their entities. */
  count: number;
}

/** One edge for each pair of blueprints that a relation joins; a blueprint's relations to itself have none. */
export function edgesOf({ blueprints, edges }: Model): PlacedEdge[] {
  const known = new Set(blueprints.map(({ identifier }) => identifier));
  const pairs = new Map<string, PlacedEdge>();
  for (const { identifier: from, relations } of blueprints) {
    for (const [key, { target: to }] of Object.entries(relations)) {
      if (from === to || !known.has(to)) continue;
      const id = `${from}>${to}`;
      const edge = pairs.get(id) ?? { id, from, to, relations: [], count: 0 };
      edge.relations.push(key);
      edge.count += edges.filter((live) => live.from === from && live.relation === key && live.to === to).reduce((n, live) => n + live.count, 0);
      pairs.set(id, edge);
    }
  }
  return [...pairs.values()];
}

/** Places blueprints from left to right along their relations; those without any below. */
export function placeNodes(model: Model, edges: PlacedEdge[]): PlacedNode[] {
  const joined = new Set(edges.flatMap(({ from, to }) => [from, to]));
  const graph = new Graph({ directed: true });
  graph.setGraph({ rankdir: 'LR', nodesep: 26, ranksep: 90 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const id of joined) graph.setNode(id, { width: nodeWidth, height: nodeHeight });
  for (const { from, to } of edges) graph.setEdge(from, to);
  layout(graph);
  const nodes = [...joined].map((id) => {
    const { x = 0, y = 0 } = graph.node(id) as { x?: number; y?: number };
    return { id, x: x - nodeWidth / 2, y: y - nodeHeight / 2 };
  });
  const bottom = Math.max(0, ...nodes.map(({ y }) => y + nodeHeight + 40));
  const alone = model.blueprints.filter(({ identifier }) => !joined.has(identifier));
  const perRow = 4;
  return [
    ...nodes,
    ...alone.map(({ identifier }, i) => ({
      id: identifier,
      x: (i % perRow) * (nodeWidth + 26),
      y: bottom + Math.floor(i / perRow) * (nodeHeight + 20),
    })),
  ];
}
