import '@xyflow/react/dist/base.css';
import {
  Background,
  BaseEdge,
  Controls,
  EdgeLabelRenderer,
  Handle,
  MarkerType,
  Position,
  ReactFlow,
  type Edge,
  type EdgeProps,
  type Node,
  type NodeProps,
} from '@xyflow/react';
import { useMemo } from 'react';
import type { Blueprint, Model } from '~/api/types';
import { count } from '~/lib/text';
import { BlueprintIcon } from '~/parts/BlueprintIcon';
import { nodeHeight, nodeWidth, placeModel, smoothPath, type PlacedEdge } from './layout';
import classes from './model.module.css';

interface ModelGraphProps {
  model: Model;
  found: Set<string>;
  chosen: string | undefined;
  onChoose: (identifier: string) => void;
}

export function ModelGraph({ model, found, chosen, onChoose }: ModelGraphProps) {
  const placed = useMemo(() => placeModel(model), [model]);
  const blueprints = new Map(model.blueprints.map((blueprint) => [blueprint.identifier, blueprint]));
  const near = new Set(placed.edges.filter(({ from, to }) => from === chosen || to === chosen).flatMap(({ from, to }) => [from, to]));
  const nodes = placed.nodes.flatMap(({ id, x, y }): BlueprintNode[] => {
    const blueprint = blueprints.get(id);
    if (!blueprint) return [];
    const dimmed = !found.has(id) || (chosen !== undefined && id !== chosen && !near.has(id));
    return [{ id, type: 'blueprint', position: { x, y }, width: nodeWidth, height: nodeHeight, data: { blueprint, dimmed, chosen: id === chosen, onChoose } }];
  });
  const edges = placed.edges.map((edge): RelationEdge => {
    const lit = edge.from === chosen || edge.to === chosen;
    return {
      id: edge.id,
      source: edge.from,
      target: edge.to,
      type: 'relation',
      className: lit ? classes.lit : chosen ? classes.faded : edge.count === 0 ? classes.unused : undefined,
      data: { edge, lit },
      zIndex: lit ? 1 : 0,
      markerEnd: { type: MarkerType.ArrowClosed, color: lit ? 'var(--sd-accent)' : 'var(--sd-edge)', width: 16, height: 16 },
    };
  });
  return (
    <div className={classes.graph}>
      <ReactFlow
        key={chosen === undefined ? 'wide' : 'narrow'}
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        edgeTypes={edgeTypes}
        fitView
        fitViewOptions={{ padding: 0.06, minZoom: 0.5, maxZoom: 1 }}
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
        <Controls showInteractive={false} position="bottom-right" />
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
      <Handle type="target" position={Position.Top} className={classes.handle} />
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
      <Handle type="source" position={Position.Bottom} className={classes.handle} />
    </>
  );
}

type RelationEdge = Edge<{ edge: PlacedEdge; lit: boolean }, 'relation'>;

function RelationEdgeView({ data, markerEnd }: EdgeProps<RelationEdge>) {
  if (!data) return null;
  const { edge, lit } = data;
  const middle = edge.points[Math.floor(edge.points.length / 2)];
  return (
    <>
      <BaseEdge path={smoothPath(edge.points)} markerEnd={markerEnd} />
      {lit && middle && (
        <EdgeLabelRenderer>
          <div className={classes.edgeLabel} style={{ transform: `translate(-50%, -50%) translate(${middle.x}px, ${middle.y}px)` }}>
            {edge.relations.map((key) => (
              <div key={key}>{key}</div>
            ))}
          </div>
        </EdgeLabelRenderer>
      )}
    </>
  );
}

const nodeTypes = { blueprint: BlueprintNodeView };
const edgeTypes = { relation: RelationEdgeView };
