import '@xyflow/react/dist/base.css';
import { Background, Controls, Handle, MarkerType, Position, ReactFlow, type Edge, type Node, type NodeProps } from '@xyflow/react';
import { useMemo } from 'react';
import type { Blueprint, Model } from '~/api/types';
import { count } from '~/lib/text';
import { BlueprintIcon } from '~/parts/BlueprintIcon';
import { edgesOf, nodeHeight, nodeWidth, placeNodes } from './layout';
import classes from './model.module.css';

interface ModelGraphProps {
  model: Model;
  found: Set<string>;
  chosen: string | undefined;
  onChoose: (identifier: string) => void;
}

export function ModelGraph({ model, found, chosen, onChoose }: ModelGraphProps) {
  const placed = useMemo(() => {
    const edges = edgesOf(model);
    return { edges, nodes: placeNodes(model, edges) };
  }, [model]);
  const blueprints = new Map(model.blueprints.map((blueprint) => [blueprint.identifier, blueprint]));
  const near = new Set(placed.edges.filter(({ from, to }) => from === chosen || to === chosen).flatMap(({ from, to }) => [from, to]));
  const nodes = placed.nodes.flatMap(({ id, x, y }): BlueprintNode[] => {
    const blueprint = blueprints.get(id);
    if (!blueprint) return [];
    const dimmed = !found.has(id) || (chosen !== undefined && id !== chosen && !near.has(id));
    return [{ id, type: 'blueprint', position: { x, y }, width: nodeWidth, height: nodeHeight, data: { blueprint, dimmed, chosen: id === chosen, onChoose } }];
  });
  const edges = placed.edges.map((edge): Edge => {
    const lit = edge.from === chosen || edge.to === chosen;
    return {
      id: edge.id,
      source: edge.from,
      target: edge.to,
      type: 'default',
      className: lit ? classes.lit : chosen ? classes.faded : edge.count === 0 ? classes.unused : undefined,
      label: lit ? edge.relations.join(', ') : undefined,
      labelBgPadding: [5, 2],
      labelBgBorderRadius: 3,
      zIndex: lit ? 1 : 0,
      markerEnd: { type: MarkerType.ArrowClosed, color: lit ? 'var(--sd-accent)' : 'var(--sd-border-strong)', width: 14, height: 14 },
      focusable: false,
      selectable: false,
    };
  });
  return (
    <div className={classes.graph}>
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        fitView
        fitViewOptions={{ padding: 0.08, maxZoom: 1 }}
        minZoom={0.2}
        maxZoom={1.6}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        preventScrolling={false}
        zoomOnScroll={false}
        aria-label="Blueprints and their relations"
      >
        <Background gap={22} size={1} color="var(--sd-border)" />
        <Controls showInteractive={false} />
      </ReactFlow>
    </div>
  );
}

type BlueprintNode = Node<{ blueprint: Blueprint; dimmed: boolean; chosen: boolean; onChoose: (identifier: string) => void }, 'blueprint'>;

function BlueprintNodeView({ data }: NodeProps<BlueprintNode>) {
  const { blueprint, dimmed, chosen, onChoose } = data;
  const self = Object.entries(blueprint.relations).filter(([, { target }]) => target === blueprint.identifier);
  return (
    <>
      <Handle type="target" position={Position.Left} className={classes.handle} />
      <button
        type="button"
        className={classes.node}
        data-dimmed={dimmed || undefined}
        data-chosen={chosen || undefined}
        aria-pressed={chosen}
        onClick={() => onChoose(blueprint.identifier)}
      >
        <span className={classes.nodeTitle}>
          <BlueprintIcon blueprint={blueprint.identifier} icon={blueprint.icon} size={15} />
          <span className={classes.nodeName}>{blueprint.title}</span>
          {self.length > 0 && (
            <span className={classes.self} title={`Related to itself: ${self.map(([key]) => key).join(', ')}`}>
              ↻
            </span>
          )}
        </span>
        <span className={classes.nodeFacts}>
          {count(blueprint.count, 'entity', 'entities')} · {count(Object.keys(blueprint.properties).length, 'property', 'properties')}
        </span>
      </button>
      <Handle type="source" position={Position.Right} className={classes.handle} />
    </>
  );
}

const nodeTypes = { blueprint: BlueprintNodeView };
