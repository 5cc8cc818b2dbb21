import dagre from '@dagrejs/dagre';
import { forceCenter, forceCollide, forceLink, forceManyBody, forceSimulation, forceX, forceY, type SimulationNodeDatum } from 'd3-force';

/** What a layout is made of: places of nodes in an array, not their names. */
export interface LayoutInput {
  /** Where nodes are already; NaN for new ones. x and y in turn. */
  positions: Float32Array;
  edges: [number, number][];
  /** Number of the group that a node belongs to. */
  groups: number[];
  mode: 'layers' | 'force';
}

export const cardWidth = 172;
export const cardHeight = 38;
/** As many nodes as layers keep readable. */
export const mostInLayers = 60;

/** Calls with positions again and again, the last time with `done`. */
export function layOut(input: LayoutInput, report: (positions: Float32Array, done: boolean) => void): void {
  if (input.mode === 'layers') report(layers(input), true);
  else force(input, report);
}

function layers({ positions, edges }: LayoutInput): Float32Array {
  const graph = new dagre.graphlib.Graph({ multigraph: true });
  graph.setGraph({ rankdir: 'LR', nodesep: 14, ranksep: 90, edgesep: 8 });
  graph.setDefaultEdgeLabel(() => ({}));
  const count = positions.length / 2;
  for (let i = 0; i < count; i++) graph.setNode(String(i), { width: cardWidth, height: cardHeight });
  edges.forEach(([from, to], i) => from !== to && graph.setEdge(String(from), String(to), {}, String(i)));
  dagre.layout(graph);
  const out = new Float32Array(positions.length);
  for (let i = 0; i < count; i++) {
    const { x = 0, y = 0 } = graph.node(String(i)) as { x?: number; y?: number };
    out[i * 2] = x;
    out[i * 2 + 1] = y;
  }
  return out;
}

interface Body extends SimulationNodeDatum {
  group: number;
}

function force({ positions, edges, groups }: LayoutInput, report: (positions: Float32Array, done: boolean) => void): void {
  const count = positions.length / 2;
  const groupCount = Math.max(1, ...groups.map((group) => group + 1));
  const radius = 14 * Math.sqrt(count) + 60;
  const anchor = (group: number) => {
    const angle = (2 * Math.PI * group) / groupCount;
    return [Math.cos(angle) * radius * 0.6, Math.sin(angle) * radius * 0.6] as const;
  };
  let fresh = 0;
  const bodies: Body[] = Array.from({ length: count }, (_, i) => {
    const group = groups[i] ?? 0;
    const [x, y] = [positions[i * 2] ?? NaN, positions[i * 2 + 1] ?? NaN];
    if (!Number.isNaN(x)) return { group, x, y };
    fresh += 1;
    // beside a neighbour that has a place, else near those of its group: never by chance, so that it looks the same again
    const beside = neighbour(i, edges, positions);
    const [ax, ay] = beside ?? anchor(group);
    const angle = i * 2.399963;
    const distance = beside ? 30 + (i % 7) * 6 : 12 * Math.sqrt(i + 1);
    return { group, x: ax + Math.cos(angle) * distance, y: ay + Math.sin(angle) * distance };
  });
  const links = edges.filter(([a, b]) => a !== b).map(([source, target]) => ({ source, target }));
  const simulation = forceSimulation(bodies)
    .force('link', forceLink(links).distance(42).strength(count > 600 ? 0.25 : 0.5))
    .force('charge', forceManyBody<Body>().strength(count > 600 ? -55 : -130).distanceMax(420).theta(1.1))
    .force('collide', forceCollide(count > 600 ? 8 : 14))
    .force('x', forceX<Body>((body) => anchor(body.group)[0]).strength(0.035))
    .force('y', forceY<Body>((body) => anchor(body.group)[1]).strength(0.035))
    .force('center', forceCenter(0, 0).strength(0.02))
    .stop();
  // what has a place already moves little
  if (fresh < count) simulation.alpha(0.35);
  const ticks = count > 1500 ? 160 : 240;
  const out = () => {
    const now = new Float32Array(count * 2);
    bodies.forEach(({ x = 0, y = 0 }, i) => now.set([x, y], i * 2));
    return now;
  };
  let last = performance.now();
  for (let tick = 1; tick <= ticks; tick++) {
    simulation.tick();
    if (tick < ticks && performance.now() - last > 120) {
      report(out(), false);
      last = performance.now();
    }
  }
  report(out(), true);
}

function neighbour(of: number, edges: [number, number][], positions: Float32Array): [number, number] | null {
  for (const [a, b] of edges) {
    const other = a === of ? b : b === of ? a : -1;
    if (other >= 0 && !Number.isNaN(positions[other * 2] ?? NaN)) return [positions[other * 2] ?? 0, positions[other * 2 + 1] ?? 0];
  }
  return null;
}
