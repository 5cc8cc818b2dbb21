import { useEffect, useRef, useState } from 'react';
import type { GraphResult } from '~/api/entity';
import { mostInLayers, type LayoutInput } from './layout';
import type { Layout } from './state';

export interface Placed {
  /** x and y in turn, by place in `nodes`. */
  positions: Float32Array;
  done: boolean;
  mode: LayoutInput['mode'];
}

/** Places nodes, off the page's thread. What was there already stays about where it was. */
export function useLayout(graph: GraphResult | undefined, layout: Layout | undefined, groups: number[]): Placed | null {
  const [placed, setPlaced] = useState<{ of: GraphResult; placed: Placed } | null>(null);
  const known = useRef(new Map<string, [number, number]>());
  const lastMode = useRef<string>('');
  const groupsNow = useRef(groups);
  groupsNow.current = groups;
  useEffect(() => {
    if (!graph) return;
    const mode = layout === 'force' || layout === 'layers' ? layout : graph.nodes.length <= mostInLayers ? 'layers' : 'force';
    if (lastMode.current !== mode) known.current.clear();
    lastMode.current = mode;
    const positions = new Float32Array(graph.nodes.length * 2).fill(NaN);
    graph.nodes.forEach((node, i) => {
      const at = known.current.get(node.ref);
      if (at) positions.set(at, i * 2);
    });
    const edges = graph.edges.map(({ from, to }): [number, number] => [from, to]);
    const worker = new Worker(new URL('./layout.worker.ts', import.meta.url), { type: 'module' });
    worker.onmessage = ({ data }: MessageEvent<{ positions: Float32Array; done: boolean }>) => {
      graph.nodes.forEach((node, i) => known.current.set(node.ref, [data.positions[i * 2] ?? 0, data.positions[i * 2 + 1] ?? 0]));
      setPlaced({ of: graph, placed: { positions: data.positions, done: data.done, mode } });
      if (data.done) worker.terminate();
    };
    worker.postMessage({ positions, edges, groups: groupsNow.current, mode } satisfies LayoutInput);
    return () => worker.terminate();
  }, [graph, layout]);
  return placed && placed.of === graph ? placed.placed : null;
}
