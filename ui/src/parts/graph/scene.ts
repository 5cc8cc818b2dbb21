import type { GraphNode, GraphResult } from '~/api/entity';
import { cardHeight, cardWidth } from './layout';

/** A graph as it is drawn: numbers in arrays, for thousands of nodes are gone through for each frame. */
export interface Scene {
  nodes: GraphNode[];
  edges: GraphResult['edges'];
  /** x and y in turn. */
  positions: Float32Array;
  /** Ends that lead here or from here, by node. */
  neighbours: number[][];
  /** Number of the blueprint in the legend, by node. */
  groups: number[];
  cards: boolean;
  /** Nodes that the search finds; all when null. */
  found: Set<number> | null;
}

export interface Viewport {
  x: number;
  y: number;
  scale: number;
}

export interface Look {
  text: string;
  dim: string;
  background: string;
  edge: string;
  border: string;
  accent: string;
  warn: string;
  font: string;
  palette: string[];
}

/** Tones that are at least 3:1 against either background, and told apart by the colour-blind in this order. */
export const palette = ['#3f72d8', '#cc6a1b', '#1596a3', '#8a5cd0', '#cc4f92', '#2f9150', '#ad8a00', '#d2453d', '#95623c', '#6b7785'];

export const colorOf = (group: number) => palette[group % palette.length] ?? '#6b7785';

export function radiusOf(scene: Scene, node: number): number {
  return 4 + Math.min(8, Math.sqrt(scene.neighbours[node]?.length ?? 0) * 1.4);
}

/** The node at a place of the canvas, the last drawn first. */
export function nodeAt(scene: Scene, view: Viewport, px: number, py: number): number {
  const x = (px - view.x) / view.scale;
  const y = (py - view.y) / view.scale;
  const reach = 4 / view.scale;
  for (let i = scene.nodes.length - 1; i >= 0; i--) {
    const dx = x - (scene.positions[i * 2] ?? 0);
    const dy = y - (scene.positions[i * 2 + 1] ?? 0);
    if (scene.cards) {
      if (Math.abs(dx) <= cardWidth / 2 && Math.abs(dy) <= cardHeight / 2) return i;
    } else {
      const radius = radiusOf(scene, i) + reach;
      if (dx * dx + dy * dy <= radius * radius) return i;
    }
  }
  return -1;
}

/** Cards smaller than this cannot be read. */
const readable = 0.72;

/** A viewport in which all of it is to be seen; of cards, as many around the start as can be read, unless `all` are wanted. */
export function fitting(scene: Scene, width: number, height: number, all: boolean): Viewport {
  const { positions } = scene;
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < positions.length; i += 2) {
    const [x = 0, y = 0] = [positions[i], positions[i + 1]];
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  if (!Number.isFinite(left)) return { x: width / 2, y: height / 2, scale: 1 };
  const [padX, padY] = scene.cards ? [cardWidth / 2 + 24, cardHeight / 2 + 24] : [70, 40];
  const scale = Math.min(1.4, width / (right - left + padX * 2), height / (bottom - top + padY * 2));
  const start = scene.nodes.findIndex(({ hops }) => hops === 0);
  if (scene.cards && !all && scale < readable && start >= 0) {
    const [sx = 0, sy = 0] = [positions[start * 2], positions[start * 2 + 1]];
    // as far as there is something to see
    const within = (at: number, from: number, to: number, room: number) => Math.min(Math.max(at, from + room / readable / 2), Math.max(from + room / readable / 2, to - room / readable / 2));
    const cx = within(sx, left - padX, right + padX, width);
    const cy = within(sy, top - padY, bottom + padY, height);
    return { scale: readable, x: width / 2 - cx * readable, y: height / 2 - cy * readable };
  }
  return { scale, x: width / 2 - ((left + right) / 2) * scale, y: height / 2 - ((top + bottom) / 2) * scale };
}

/** Edges of one path. */
const together = 200;

interface Marks {
  hover: number;
  focus: number;
}

/** Draws everything. */
export function draw(context: CanvasRenderingContext2D, scene: Scene, view: Viewport, look: Look, marks: Marks, width: number, height: number, ratio: number): void {
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  context.setTransform(ratio * view.scale, 0, 0, ratio * view.scale, ratio * view.x, ratio * view.y);
  const near = marks.hover >= 0 ? marks.hover : marks.focus;
  const lit = near >= 0 ? new Set([near, ...(scene.neighbours[near] ?? [])]) : null;
  const isLit = (node: number) => (lit === null || lit.has(node)) && (scene.found === null || scene.found.has(node));
  drawEdges(context, scene, view, look, near);
  if (scene.cards) drawCards(context, scene, view, look, marks, isLit);
  else drawDots(context, scene, view, look, marks, isLit, width, height);
}

function drawEdges(context: CanvasRenderingContext2D, scene: Scene, view: Viewport, look: Look, near: number): void {
  const { positions } = scene;
  const line = (from: number, to: number) => {
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = [positions[from * 2], positions[from * 2 + 1], positions[to * 2], positions[to * 2 + 1]];
    if (!scene.cards) {
      context.moveTo(x1, y1);
      context.lineTo(x2, y2);
      return;
    }
    const right = x2 >= x1;
    const [a, b] = right ? [x1 + cardWidth / 2, x2 - cardWidth / 2] : [x1 - cardWidth / 2, x2 + cardWidth / 2];
    const bend = Math.max(24, Math.abs(b - a) / 2) * (right ? 1 : -1);
    context.moveTo(a, y1);
    context.bezierCurveTo(a + bend, y1, b - bend, y2, b, y2);
  };
  context.lineWidth = Math.max(0.6, 1 / view.scale) * (scene.cards ? 1.2 : 0.8);
  context.strokeStyle = look.edge;
  context.globalAlpha = near >= 0 ? 0.25 : scene.edges.length > 1500 ? 0.45 : 0.8;
  // several short paths are drawn faster than a long one
  for (let at = 0; at < scene.edges.length; at += together) {
    context.beginPath();
    for (const { from, to } of scene.edges.slice(at, at + together)) line(from, to);
    context.stroke();
  }
  context.globalAlpha = 1;
  const bold = near >= 0 ? scene.edges.filter(({ from, to }) => from === near || to === near) : [];
  if (bold.length > 0) {
    context.strokeStyle = look.accent;
    context.lineWidth = 1.6 / Math.max(0.5, view.scale);
    context.beginPath();
    for (const { from, to } of bold) line(from, to);
    context.stroke();
  }
  if (scene.cards || view.scale > 0.9) arrows(context, scene, view, near >= 0 ? bold : scene.edges, near >= 0 ? look.accent : look.edge);
  if (bold.length > 0 && bold.length <= (scene.cards ? 24 : 8) && view.scale > 0.55) edgeLabels(context, scene, look, view, bold);
}

function arrows(context: CanvasRenderingContext2D, scene: Scene, view: Viewport, edges: Scene['edges'], color: string): void {
  if (edges.length > 2500) return;
  const { positions } = scene;
  const size = 5 / Math.max(0.8, Math.min(view.scale, 1.4));
  context.fillStyle = color;
  context.beginPath();
  for (const { from, to } of edges) {
    if (from === to) continue;
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = [positions[from * 2], positions[from * 2 + 1], positions[to * 2], positions[to * 2 + 1]];
    let [tx, ty, angle] = [x2, y2, Math.atan2(y2 - y1, x2 - x1)];
    if (scene.cards) {
      const right = x2 >= x1;
      tx = right ? x2 - cardWidth / 2 : x2 + cardWidth / 2;
      angle = right ? 0 : Math.PI;
    } else {
      const radius = radiusOf(scene, to) + 1;
      tx -= Math.cos(angle) * radius;
      ty -= Math.sin(angle) * radius;
    }
    context.moveTo(tx, ty);
    context.lineTo(tx - size * Math.cos(angle - 0.42), ty - size * Math.sin(angle - 0.42));
    context.lineTo(tx - size * Math.cos(angle + 0.42), ty - size * Math.sin(angle + 0.42));
  }
  context.fill();
}

function edgeLabels(context: CanvasRenderingContext2D, scene: Scene, look: Look, view: Viewport, edges: Scene['edges']): void {
  const { positions } = scene;
  context.font = `${11 / Math.max(0.8, view.scale)}px ${look.font}`;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  for (const { from, to, relation, key } of edges) {
    const x = ((positions[from * 2] ?? 0) + (positions[to * 2] ?? 0)) / 2;
    const y = ((positions[from * 2 + 1] ?? 0) + (positions[to * 2 + 1] ?? 0)) / 2;
    halo(context, key ?? relation, x, y, look.dim, look.background);
  }
}

function halo(context: CanvasRenderingContext2D, text: string, x: number, y: number, color: string, background: string): void {
  context.lineJoin = 'round';
  context.lineWidth = 3;
  context.strokeStyle = background;
  context.strokeText(text, x, y);
  context.fillStyle = color;
  context.fillText(text, x, y);
}

function drawCards(context: CanvasRenderingContext2D, scene: Scene, view: Viewport, look: Look, { hover, focus }: Marks, isLit: (node: number) => boolean): void {
  const plain = view.scale < 0.35;
  scene.nodes.forEach((node, i) => {
    const x = (scene.positions[i * 2] ?? 0) - cardWidth / 2;
    const y = (scene.positions[i * 2 + 1] ?? 0) - cardHeight / 2;
    context.globalAlpha = isLit(i) ? 1 : 0.3;
    context.beginPath();
    context.roundRect(x, y, cardWidth, cardHeight, 6);
    context.fillStyle = look.background;
    context.fill();
    context.setLineDash(node.missing ? [4, 3] : []);
    context.lineWidth = i === focus || i === hover || node.hops === 0 ? 1.8 : 1;
    context.strokeStyle = i === focus || i === hover ? look.accent : node.missing ? look.warn : node.hops === 0 ? look.text : look.border;
    context.stroke();
    context.setLineDash([]);
    context.fillStyle = colorOf(scene.groups[i] ?? 0);
    context.beginPath();
    context.roundRect(x + 6, y + 8, 4, cardHeight - 16, 2);
    context.fill();
    if (!plain) cardText(context, node, x, y, look);
    context.globalAlpha = 1;
  });
}

function cardText(context: CanvasRenderingContext2D, node: GraphNode, x: number, y: number, look: Look): void {
  const badge = node.hidden.all > 0 ? `+${node.hidden.all.toLocaleString('en')}` : '';
  context.textBaseline = 'middle';
  context.textAlign = 'right';
  context.font = `600 11px ${look.font}`;
  context.fillStyle = look.accent;
  if (badge) context.fillText(badge, x + cardWidth - 8, y + cardHeight / 2);
  const room = cardWidth - 26 - (badge ? context.measureText(badge).width + 8 : 0);
  context.textAlign = 'left';
  context.font = `500 12px ${look.font}`;
  context.fillStyle = look.text;
  context.fillText(fit(context, node.title, room), x + 17, y + 13);
  context.font = `10.5px ${look.font}`;
  context.fillStyle = look.dim;
  context.fillText(fit(context, node.missing ? 'does not exist' : node.kind ?? node.blueprint, room), x + 17, y + 27);
}

const fitted = new Map<string, string>();

function fit(context: CanvasRenderingContext2D, text: string, room: number): string {
  const key = `${context.font}|${Math.round(room)}|${text}`;
  const known = fitted.get(key);
  if (known !== undefined) return known;
  let out = text;
  while (out.length > 1 && context.measureText(out).width > room) out = `${out.slice(0, -2).trimEnd()}…`;
  if (fitted.size > 5000) fitted.clear();
  fitted.set(key, out);
  return out;
}

function drawDots(context: CanvasRenderingContext2D, scene: Scene, view: Viewport, look: Look, { hover, focus }: Marks, isLit: (node: number) => boolean, width: number, height: number): void {
  const { nodes, positions, groups } = scene;
  // one path for each colour: thousands of small fills are what costs
  const lit = new Map<number, number[]>();
  const dull = new Map<number, number[]>();
  nodes.forEach((_, i) => {
    const by = isLit(i) ? lit : dull;
    const group = groups[i] ?? 0;
    const list = by.get(group);
    if (list) list.push(i);
    else by.set(group, [i]);
  });
  for (const [by, alpha] of [[dull, 0.18], [lit, 1]] as const) {
    context.globalAlpha = alpha;
    for (const [group, members] of by) {
      context.fillStyle = colorOf(group);
      context.beginPath();
      for (const i of members) {
        const [x = 0, y = 0] = [positions[i * 2], positions[i * 2 + 1]];
        const radius = radiusOf(scene, i);
        context.moveTo(x + radius, y);
        context.arc(x, y, radius, 0, Math.PI * 2);
      }
      context.fill();
    }
  }
  context.globalAlpha = 1;
  context.lineWidth = 2 / Math.max(0.5, view.scale);
  nodes.forEach((node, i) => {
    const ring = i === focus || i === hover ? look.accent : node.hops === 0 && nodes.length > 1 && scene.nodes[1]?.hops !== 0 ? look.text : node.missing ? look.warn : null;
    if (!ring) return;
    context.strokeStyle = ring;
    context.beginPath();
    context.arc(positions[i * 2] ?? 0, positions[i * 2 + 1] ?? 0, radiusOf(scene, i) + 2, 0, Math.PI * 2);
    context.stroke();
  });
  labels(context, scene, view, look, { hover, focus }, isLit, width, height);
}

/** Names where there is room: of what is looked at, then of what has most relations. */
function labels(context: CanvasRenderingContext2D, scene: Scene, view: Viewport, look: Look, { hover, focus }: Marks, isLit: (node: number) => boolean, width: number, height: number): void {
  const { nodes, positions, neighbours } = scene;
  const size = 11.5 / view.scale;
  context.font = `${size}px ${look.font}`;
  context.textBaseline = 'middle';
  context.textAlign = 'left';
  const most = view.scale > 1.6 ? 400 : view.scale > 0.8 ? 120 : nodes.length > 400 ? 24 : 60;
  const weight = (i: number) => (i === hover || i === focus ? 1e9 : nodes[i]?.hops === 0 ? 1e6 : 0) + (neighbours[i]?.length ?? 0);
  const seen: number[] = [];
  for (let i = 0; i < nodes.length; i++) {
    const px = (positions[i * 2] ?? 0) * view.scale + view.x;
    const py = (positions[i * 2 + 1] ?? 0) * view.scale + view.y;
    if (px > -100 && px < width && py > 0 && py < height && isLit(i)) seen.push(i);
  }
  seen.sort((a, b) => weight(b) - weight(a));
  const taken = new Set<string>();
  let drawn = 0;
  for (const i of seen) {
    if (drawn >= most) break;
    const node = nodes[i];
    if (!node) continue;
    const text = node.hidden.all > 0 ? `${short(node.title)}  +${node.hidden.all.toLocaleString('en')}` : short(node.title);
    const x = (positions[i * 2] ?? 0) + radiusOf(scene, i) + 4 / view.scale;
    const y = positions[i * 2 + 1] ?? 0;
    const cells = cellsOf(x * view.scale + view.x, y * view.scale + view.y, text.length * 6.4);
    if (cells.some((cell) => taken.has(cell)) && i !== hover && i !== focus) continue;
    cells.forEach((cell) => taken.add(cell));
    context.lineWidth = 3 / view.scale;
    context.strokeStyle = look.background;
    context.lineJoin = 'round';
    context.strokeText(text, x, y);
    context.fillStyle = i === hover || i === focus ? look.accent : look.text;
    context.fillText(text, x, y);
    drawn += 1;
  }
}

const short = (text: string) => (text.length > 30 ? `${text.slice(0, 29)}…` : text);

function cellsOf(x: number, y: number, width: number): string[] {
  const row = Math.round(y / 15);
  const cells: string[] = [];
  for (let column = Math.floor(x / 30); column <= Math.floor((x + width) / 30); column++) cells.push(`${column} ${row}`);
  return cells;
}
