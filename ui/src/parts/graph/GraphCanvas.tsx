import { useEffect, useRef, useState, type KeyboardEvent, type PointerEvent } from 'react';
import { useComputedColorScheme } from '@mantine/core';
import { draw, fitting, nodeAt, palette, type Look, type Scene, type Viewport } from './scene';
import classes from './graph.module.css';

interface GraphCanvasProps {
  scene: Scene;
  /** Changes when the whole has to be brought into view again. */
  fitKey: string;
  /** Of the node that is looked at, -1 when none is. */
  focus: number;
  onFocus: (node: number) => void;
  onOpen: (node: number) => void;
  onMove: (node: number, x: number, y: number) => void;
  label: string;
}

/** The drawing: drag to move, wheel to zoom, click to look at a node, double click to open or close it. */
export function GraphCanvas({ scene, fitKey, focus, onFocus, onOpen, onMove, label }: GraphCanvasProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const view = useRef<Viewport>({ x: 0, y: 0, scale: 1 });
  const touched = useRef(false);
  const frame = useRef(0);
  const hover = useRef(-1);
  const now = useRef({ scene, focus, onMove });
  now.current = { scene, focus, onMove };
  const scheme = useComputedColorScheme('light');
  const [hovered, setHovered] = useState(-1);

  const shot = useRef<Shot>({ canvas: null, view: view.current, at: 0, cost: 0 });
  const settle = useRef<ReturnType<typeof setTimeout>>(undefined);

  /** With `moving` only the viewport has changed: what takes long to draw is shifted, and drawn again at rest. */
  const paint = (moving = false) => {
    frame.current ||= requestAnimationFrame(() => {
      frame.current = 0;
      const element = canvas.current;
      const context = element?.getContext('2d');
      if (!element || !context) return;
      const ratio = Math.min(2, window.devicePixelRatio || 1);
      const { clientWidth: width, clientHeight: height } = element;
      if (element.width !== Math.round(width * ratio) || element.height !== Math.round(height * ratio)) {
        element.width = Math.round(width * ratio);
        element.height = Math.round(height * ratio);
      }
      const last = shot.current;
      if (moving && last.canvas && last.cost > quick && performance.now() - last.at < last.cost * 6) {
        shift(context, last, view.current, ratio);
        clearTimeout(settle.current);
        settle.current = setTimeout(() => paint(), 110);
        return;
      }
      const marks = { hover: hover.current, focus: now.current.focus };
      const begun = performance.now();
      draw(context, now.current.scene, view.current, lookOf(element), marks, width, height, ratio);
      const cost = performance.now() - begun;
      last.cost = cost;
      last.at = performance.now();
      last.view = view.current;
      last.canvas = cost > quick ? copyOf(element, last.canvas) : null;
    });
  };
  const fit = (all = false) => {
    const element = canvas.current;
    if (element) view.current = fitting(now.current.scene, element.clientWidth, element.clientHeight, all);
    touched.current = false;
    paint();
  };

  useEffect(() => {
    if (!touched.current) fit();
    else paint();
  });
  useEffect(() => fit(), [fitKey]);
  useEffect(() => paint(), [scheme]);
  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    const observer = new ResizeObserver(() => (touched.current ? paint() : fit()));
    observer.observe(element);
    // not passive: the page must not scroll as well
    const wheel = (event: WheelEvent) => {
      event.preventDefault();
      const box = element.getBoundingClientRect();
      zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0016)), event.clientX - box.left, event.clientY - box.top);
    };
    element.addEventListener('wheel', wheel, { passive: false });
    return () => {
      observer.disconnect();
      element.removeEventListener('wheel', wheel);
      cancelAnimationFrame(frame.current);
      clearTimeout(settle.current);
      frame.current = 0;
    };
  }, []);

  const zoom = (factor: number, x?: number, y?: number) => {
    const element = canvas.current;
    if (!element) return;
    const { clientWidth, clientHeight } = element;
    const [cx, cy] = [x ?? clientWidth / 2, y ?? clientHeight / 2];
    const old = view.current;
    const scale = Math.min(6, Math.max(0.03, old.scale * factor));
    view.current = { scale, x: cx - ((cx - old.x) / old.scale) * scale, y: cy - ((cy - old.y) / old.scale) * scale };
    touched.current = true;
    paint(true);
  };
  const pan = (dx: number, dy: number) => {
    view.current = { ...view.current, x: view.current.x + dx, y: view.current.y + dy };
    touched.current = true;
    paint(true);
  };

  const drag = useRef<{ node: number; x: number; y: number; moved: boolean } | null>(null);
  const place = (event: PointerEvent) => {
    const box = event.currentTarget.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top] as const;
  };
  const down = (event: PointerEvent<HTMLCanvasElement>) => {
    const [x, y] = place(event);
    event.currentTarget.setPointerCapture(event.pointerId);
    drag.current = { node: nodeAt(scene, view.current, x, y), x, y, moved: false };
  };
  const move = (event: PointerEvent<HTMLCanvasElement>) => {
    const [x, y] = place(event);
    const dragged = drag.current;
    if (!dragged) {
      const found = nodeAt(scene, view.current, x, y);
      if (found !== hover.current) {
        hover.current = found;
        setHovered(found);
        paint();
      }
      return;
    }
    if (!dragged.moved && Math.hypot(x - dragged.x, y - dragged.y) < 4) return;
    dragged.moved = true;
    if (dragged.node < 0) pan(x - dragged.x, y - dragged.y);
    else {
      touched.current = true;
      now.current.onMove(dragged.node, (x - view.current.x) / view.current.scale, (y - view.current.y) / view.current.scale);
      paint();
    }
    [dragged.x, dragged.y] = [x, y];
  };
  const up = () => {
    const dragged = drag.current;
    drag.current = null;
    if (dragged && !dragged.moved) onFocus(dragged.node);
  };
  const leave = () => {
    hover.current = -1;
    setHovered(-1);
    paint();
  };
  const key = (event: KeyboardEvent) => {
    const does: Record<string, () => void> = {
      ArrowLeft: () => pan(60, 0),
      ArrowRight: () => pan(-60, 0),
      ArrowUp: () => pan(0, 60),
      ArrowDown: () => pan(0, -60),
      '+': () => zoom(1.25),
      '=': () => zoom(1.25),
      '-': () => zoom(0.8),
      '0': () => fit(true),
      Enter: () => focus >= 0 && onOpen(focus),
    };
    const run = does[event.key];
    if (!run || event.metaKey || event.ctrlKey || event.altKey) return;
    event.preventDefault();
    run();
  };
  return (
    <div className={classes.canvasBox}>
      <canvas
        ref={canvas}
        className={classes.canvas}
        role="img"
        aria-label={label}
        tabIndex={0}
        data-pointing={hovered >= 0 || undefined}
        onPointerDown={down}
        onPointerMove={move}
        onPointerUp={up}
        onPointerCancel={() => (drag.current = null)}
        onPointerLeave={leave}
        onDoubleClick={(event) => {
          const box = event.currentTarget.getBoundingClientRect();
          const found = nodeAt(scene, view.current, event.clientX - box.left, event.clientY - box.top);
          if (found >= 0) onOpen(found);
        }}
        onKeyDown={key}
      />
      <div className={classes.zoom} role="group" aria-label="Zoom">
        <button type="button" onClick={() => zoom(1.3)} aria-label="Zoom in">
          +
        </button>
        <button type="button" onClick={() => zoom(0.77)} aria-label="Zoom out">
          −
        </button>
        <button type="button" onClick={() => fit(true)} aria-label="Show all of it">
          ⤢
        </button>
      </div>
    </div>
  );
}

/** Milliseconds that a drawing may take for every frame to have its own. */
const quick = 10;

/** The last drawing, and where it was seen from. */
interface Shot {
  canvas: HTMLCanvasElement | null;
  view: Viewport;
  at: number;
  cost: number;
}

function copyOf(canvas: HTMLCanvasElement, old: HTMLCanvasElement | null): HTMLCanvasElement {
  const copy = old ?? document.createElement('canvas');
  copy.width = canvas.width;
  copy.height = canvas.height;
  copy.getContext('2d')?.drawImage(canvas, 0, 0);
  return copy;
}

/** Shows a drawing as it looks from elsewhere. */
function shift(context: CanvasRenderingContext2D, { canvas, view: from }: Shot, view: Viewport, ratio: number): void {
  if (!canvas) return;
  const scale = view.scale / from.scale;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, context.canvas.width, context.canvas.height);
  context.setTransform(scale, 0, 0, scale, (view.x - from.x * scale) * ratio, (view.y - from.y * scale) * ratio);
  context.drawImage(canvas, 0, 0);
}

const looks = new WeakMap<HTMLElement, { scheme: string | null; look: Look }>();

/** The colours of the theme. */
function lookOf(element: HTMLElement): Look {
  const scheme = document.documentElement.getAttribute('data-mantine-color-scheme');
  const known = looks.get(element);
  if (known && known.scheme === scheme) return known.look;
  const style = getComputedStyle(element);
  const color = (name: string) => style.getPropertyValue(`--sd-${name}`).trim();
  const look: Look = {
    text: color('text'),
    dim: color('dim'),
    background: color('bg'),
    edge: color('edge'),
    border: color('border-strong'),
    accent: color('accent'),
    warn: color('warn'),
    font: style.fontFamily,
    palette,
  };
  looks.set(element, { scheme, look });
  return look;
}
