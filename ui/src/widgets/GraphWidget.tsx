import { useState } from 'react';
import { GraphView } from '~/parts/graph/GraphView';
import { readGraphState, type GraphState } from '~/parts/graph/state';
import { Nothing } from './Nothing';
import type { WidgetProps } from './types';
import classes from './widgets.module.css';

/** The graph of what a dataset finds. What is folded or hidden in it is nobody's but the reader's, until the page is left. */
export function GraphWidget({ widget, data }: WidgetProps<'table'>) {
  const [state, setState] = useState<GraphState>(() => readGraphState({}));
  const hidden = Array.isArray(widget.hiddenBlueprints) ? (widget.hiddenBlueprints as unknown[]) : [];
  const tabs = data.tabs.filter((tab) => tab.first.total > 0 && !hidden.includes(tab.blueprint));
  if (tabs.length === 0) return <Nothing widget={widget}>No entities match.</Nothing>;
  const query = tabs.map((tab) => `($blueprint = "${tab.blueprint}"${tab.first.query ? ` and (${tab.first.query})` : ''})`).join(' or ');
  return (
    <div className={classes.graph}>
      <GraphView start={{ query }} state={state} onState={(change) => setState((old) => ({ ...old, ...change }))} depth={1} />
    </div>
  );
}
