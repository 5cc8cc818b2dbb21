import { Graph, layout } from '@dagrejs/dagre';
import type { Model } from '~/api/types';

export const nodeWidth = 188;
export const nodeHeight = 54;

export interface Point {
  x: number;
  y: number;
}

export interface PlacedNode extends Point {
  id: string;
}

/** All relations from one blueprint to another. */
export interface PlacedEdge {
  id: string;
  from: string;
  to: string;
  relations: string[];
  /** How many links there are between their entities. */
  count: number;
  /** Where its line runs. */
  points: Point[];
}

/** One edge for each pair of blueprints that a relation joins; a blueprint's relations to itself have none. */
function edgesOf({ blueprints, edges }: Model): PlacedEdge[] {
  const known = new Set(blueprints.map(({ identifier }) => identifier));
  const pairs = new Map<string, PlacedEdge>();
  for (const { identifier: from, relations } of blueprints) {
    for (const [key, { target: to }] of Object.entries(relations)) {
      if (from === to || !known.has(to)) continue;
      const id = `${from}>${to}`;
      const edge = pairs.get(id) ?? { id, from, to, relations: [], count: 0, points: [] };
      edge.relations.push(key);
      edge.count += edges.filter((live) => live.from === from && live.relation === key && live.to === to).reduce((n, live) => n + live.count, 0);
      pairs.set(id, edge);
    }
  }
  return [...pairs.values()];
}

/** Places blueprints from top to bottom along their relations; those without any below. */
export function placeModel(model: Model): { nodes: PlacedNode[]; edges: PlacedEdge[] } {
  const edges = edgesOf(model);
  const joined = new Set(edges.flatMap(({ from, to }) => [from, to]));
  const graph = new Graph({ directed: true });
  graph.setGraph({ rankdir: 'TB', nodesep: 28, edgesep: 18, ranksep: 46 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const id of joined) graph.setNode(id, { width: nodeWidth, height: nodeHeight });
  for (const { from, to } of edges) graph.setEdge(from, to);
  layout(graph);
  const nodes = [...joined].map((id) => {
    const { x = 0, y = 0 } = graph.node(id) as Partial<Point>;
    return { id, x: x - nodeWidth / 2, y: y - nodeHeight / 2 };
  });
  return {
    nodes: [...nodes, ...placeAlone(model, joined, nodes)],
    edges: edges.map((edge) => ({ ...edge, points: (graph.edge(edge.from, edge.to) as { points?: Point[] }).points ?? [] })),
  };
}

function placeAlone(model: Model, joined: Set<string>, nodes: PlacedNode[]): PlacedNode[] {
  const bottom = nodes.length > 0 ? Math.max(...nodes.map(({ y }) => y)) + nodeHeight + 40 : 0;
  const perRow = 4;
  return model.blueprints
    .filter(({ identifier }) => !joined.has(identifier))
    .map(({ identifier }, i) => ({
      id: identifier,
      x: (i % perRow) * (nodeWidth + 26),
      y: bottom + Math.floor(i / perRow) * (nodeHeight + 20),
    }));
}

/** A smooth line through points: each of them bends it, the ends are met exactly. */
export function smoothPath(points: Point[]): string {
  const [first, ...rest] = points;
  if (!first) return '';
  const bends = rest.slice(0, -1).map((point, i) => {
    const next = rest[i + 1] ?? point;
    const end = i === rest.length - 2 ? next : { x: (point.x + next.x) / 2, y: (point.y + next.y) / 2 };
    return `Q ${point.x} ${point.y} ${end.x} ${end.y}`;
  });
  const last = rest.at(-1);
  const straight = bends.length === 0 && last ? [`L ${last.x} ${last.y}`] : bends;
  return [`M ${first.x} ${first.y}`, ...straight].join(' ');
}
