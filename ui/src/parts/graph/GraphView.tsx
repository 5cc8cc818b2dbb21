import { Button, SegmentedControl, Select } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useCallback, useMemo, useReducer, useState } from 'react';
import { graphQuery, type GraphResult } from '~/api/entity';
import { Empty, Waiting } from '~/kit/Page';
import { ProblemLine } from '~/kit/Problem';
import { SearchField } from '~/kit/SearchField';
import { count, formatNumber, words } from '~/lib/text';
import { useModel } from '../model';
import { GraphCanvas } from './GraphCanvas';
import { GraphList } from './GraphList';
import { GraphPanel } from './GraphPanel';
import { Legend } from './Legend';
import classes from './graph.module.css';
import { palette, type Scene } from './scene';
import { deepest, graphRequest, joined, limits, split, toggled, type Direction, type GraphStart, type GraphState } from './state';
import { useLayout } from './useLayout';

interface GraphViewProps {
  start: GraphStart;
  state: GraphState;
  onState: (change: Partial<GraphState>) => void;
  /** Steps when the address says nothing. */
  depth?: number;
}

/** What is around an entity or a query: drawn, and as a list. */
export function GraphView({ start, state, onState, depth = 2 }: GraphViewProps) {
  const model = useModel();
  const { data, error, isPending, isFetching } = useQuery(graphQuery(graphRequest(start, state, model, depth)));
  const [typed, setTyped] = useState('');
  const [search] = useDebouncedValue(typed, 120);
  const order = useMemo(() => new Map(model.blueprints.map(({ identifier }, i) => [identifier, i])), [model]);
  const colours = useMemo(() => coloursOf(data, split(state.hide), order), [data, state.hide, order]);
  const groups = useMemo(() => data?.nodes.map(({ blueprint }) => colours.get(blueprint) ?? 0) ?? [], [data, colours]);
  const placed = useLayout(data, state.layout, groups);
  const neighbours = useMemo(() => (data ? neighboursOf(data) : []), [data]);
  const found = useMemo(() => (data ? matches(data, search) : null), [data, search]);
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  const focus = data && state.focus ? data.nodes.findIndex(({ ref }) => ref === state.focus) : -1;

  const open = useCallback(
    (at: number) => {
      const node = data?.nodes[at];
      if (!node) return;
      const opened = split(state.expand).includes(node.ref);
      const closed = split(state.collapse).includes(node.ref);
      if (closed || node.collapsed || (!opened && node.hidden.all > 0)) {
        onState({ expand: joined([...split(state.expand).filter((ref) => ref !== node.ref), node.ref]), collapse: joined(split(state.collapse).filter((ref) => ref !== node.ref)) });
      } else if (opened) onState({ expand: toggled(state.expand, node.ref) });
      else onState({ collapse: joined([...split(state.collapse), node.ref]) });
    },
    [data, state.expand, state.collapse, onState],
  );

  if (error) return <ProblemLine level="error" message={error.message} />;
  if (isPending || !data) return <Waiting />;
  const scene: Scene | null = placed && { nodes: data.nodes, edges: data.edges, positions: placed.positions, neighbours, groups, cards: placed.mode === 'layers', found };
  const move = (at: number, x: number, y: number) => {
    placed?.positions.set([x, y], at * 2);
    redraw();
  };
  const label = `${count(data.nodes.length, 'entity', 'entities')} and ${count(data.edges.length, 'relation')}, drawn. The same is there as a list.`;
  return (
    <div className={classes.view}>
      <div className={classes.bar}>
        <Select
          w={112}
          aria-label="Steps"
          value={String(state.depth ?? depth)}
          data={Array.from({ length: deepest }, (_, i) => ({ value: String(i + 1), label: i === 0 ? '1 step' : `${i + 1} steps` }))}
          onChange={(value) => onState({ depth: Number(value) })}
          allowDeselect={false}
        />
        <SegmentedControl
          size="xs"
          aria-label="Direction"
          value={state.direction ?? 'both'}
          data={[
            { value: 'both', label: 'Both ways' },
            { value: 'out', label: 'Depends on' },
            { value: 'in', label: 'Used by' },
          ]}
          onChange={(value) => onState({ direction: value === 'both' ? undefined : (value as Direction) })}
        />
        <SegmentedControl
          size="xs"
          aria-label="Show as"
          value={state.view ?? state.layout ?? 'auto'}
          data={[
            { value: 'auto', label: 'Auto' },
            { value: 'layers', label: 'Layers' },
            { value: 'force', label: 'Clusters' },
            { value: 'list', label: 'List' },
          ]}
          onChange={(value) => onState(value === 'list' ? { view: 'list' } : { view: undefined, layout: value === 'auto' ? undefined : (value as 'layers' | 'force') })}
        />
        <div className={classes.search}>
          <SearchField value={typed} onChange={setTyped} label="Find in the graph" />
        </div>
      </div>
      <div className={classes.status} role="status" aria-live="polite">
        <Counts graph={data} found={found} />
        {data.hiddenNodes > 0 && (
          <span>
            <strong>{formatNumber(data.hiddenNodes)}</strong> within these steps left out{' '}
            {(state.limit ?? 500) < 5000 && (
              <Button variant="subtle" size="compact-xs" onClick={() => onState({ limit: limits.find((one) => one > (state.limit ?? 500)) })}>
                Show more
              </Button>
            )}
          </span>
        )}
        {(state.expand || state.collapse) && (
          <Button variant="subtle" size="compact-xs" onClick={() => onState({ expand: undefined, collapse: undefined })}>
            As it was
          </Button>
        )}
        {(isFetching || (placed && !placed.done)) && <span className="sd-dim">working…</span>}
      </div>
      <div className={classes.body}>
        <div className={classes.main}>
          {state.view === 'list' ? (
            <GraphList graph={data} found={found} onOpen={open} />
          ) : data.nodes.length === 0 ? (
            <Empty title="Nothing is left to draw.">Show a blueprint or a relation again.</Empty>
          ) : scene ? (
            <GraphCanvas
              scene={scene}
              fitKey={`${placed?.mode} ${placed?.done} ${start.identifier ?? start.ref ?? start.query} ${state.depth}`}
              focus={focus}
              label={label}
              onFocus={(at) => onState({ focus: data.nodes[at]?.ref })}
              onOpen={open}
              onMove={move}
            />
          ) : (
            <Waiting />
          )}
        </div>
        <aside className={classes.aside} aria-label="About the graph">
          {focus >= 0 && <GraphPanel graph={data} at={focus} expanded={split(state.expand)} onOpen={open} onFocus={(ref) => onState({ focus: ref })} />}
          <Legend
            title="Blueprints"
            items={blueprintItems(data, model.blueprints, split(state.hide), colours)}
            onToggle={(name) => onState({ hide: toggled(state.hide, name) })}
            onOnly={(name) => onState({ hide: joined([...new Set(data.nodes.map(({ blueprint }) => blueprint))].filter((one) => one !== name && one !== '').concat(split(state.hide).filter((one) => one !== name))) })}
          />
          <Legend
            title="Relations"
            items={relationItems(data, split(state.without))}
            onToggle={(name) => onState({ without: toggled(state.without, name) })}
          />
        </aside>
      </div>
    </div>
  );
}

function Counts({ graph, found }: { graph: GraphResult; found: Set<number> | null }) {
  return (
    <span data-testid="graph-counts" data-nodes={graph.nodes.length} data-edges={graph.edges.length}>
      <strong>{formatNumber(graph.nodes.length)}</strong> {graph.nodes.length === 1 ? 'entity' : 'entities'}, <strong>{formatNumber(graph.edges.length)}</strong>{' '}
      {graph.edges.length === 1 ? 'relation' : 'relations'}
      {graph.beyond > 0 ? (
        <>
          {' '}
          · <strong>{formatNumber(graph.beyond)}</strong> more hidden one step away
        </>
      ) : (
        ' · nothing hidden around them'
      )}
      {found && (
        <>
          {' '}
          · <strong>{formatNumber(found.size)}</strong> found
        </>
      )}
    </span>
  );
}

function neighboursOf({ nodes, edges }: GraphResult): number[][] {
  const all = nodes.map(() => new Set<number>());
  for (const { from, to } of edges) {
    if (from === to) continue;
    all[from]?.add(to);
    all[to]?.add(from);
  }
  return all.map((set) => [...set]);
}

function matches(graph: GraphResult, search: string): Set<number> | null {
  const text = search.trim().toLowerCase();
  if (text === '') return null;
  const found = new Set<number>();
  graph.nodes.forEach(({ title, ref }, i) => {
    if (title.toLowerCase().includes(text) || ref.includes(text)) found.add(i);
  });
  return found;
}

/** A colour for each blueprint: always the same one, unless another of this graph has it. */
function coloursOf(graph: GraphResult | undefined, hidden: string[], order: Map<string, number>): Map<string, number> {
  const names = [...new Set([...(graph?.nodes.map(({ blueprint }) => blueprint) ?? []), ...hidden])];
  names.sort((a, b) => (order.get(a) ?? 1e6) - (order.get(b) ?? 1e6));
  const taken = new Set<number>();
  return new Map(
    names.map((name) => {
      let colour = (order.get(name) ?? order.size) % palette.length;
      for (let tried = 0; taken.has(colour) && tried < palette.length; tried++) colour = (colour + 1) % palette.length;
      taken.add(colour);
      return [name, colour];
    }),
  );
}

function blueprintItems(graph: GraphResult, blueprints: { identifier: string; title: string }[], hidden: string[], colours: Map<string, number>) {
  const counts = new Map<string, number>();
  for (const { blueprint } of graph.nodes) counts.set(blueprint, (counts.get(blueprint) ?? 0) + 1);
  return [...colours.keys()].filter((name) => counts.has(name) || hidden.includes(name)).map((name) => ({
    name,
    title: name === '' ? 'Of no blueprint' : (blueprints.find(({ identifier }) => identifier === name)?.title ?? name),
    count: counts.get(name) ?? 0,
    group: colours.get(name) ?? 0,
    off: hidden.includes(name),
    fixed: name === '',
  }));
}

function relationItems(graph: GraphResult, without: string[]) {
  const counts = new Map<string, number>();
  for (const { key } of graph.edges) if (key) counts.set(key, (counts.get(key) ?? 0) + 1);
  const names = [...new Set([...counts.keys(), ...without])].sort();
  return names.map((name) => ({ name, title: words(name), count: counts.get(name) ?? 0, off: without.includes(name) }));
}
