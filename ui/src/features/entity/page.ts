import type { BoardJson, Group, WidgetJson } from '~/api/pages';
import type { Blueprint } from '~/api/types';
import { words } from '~/lib/text';

/** What the page of a blueprint's entities adds to the tabs that every entity has. */
export interface PageParts {
  tabs: { key: string; title: string; widgets: WidgetJson[] }[];
  /** Under the properties. */
  overview: WidgetJson[];
  /** What the related tab offers besides. */
  paths: { title: string; path: string }[];
}

/** Tabs by these titles are built in. */
const builtIn = new Set(['overview', 'related', 'related entities', 'graph', 'changes', 'audit log', 'runs', 'source', 'scorecards']);
/** Widgets that the overview shows anyway. */
const shown = new Set(['entity-details', 'entity-info']);

type Model = Pick<Blueprint, 'identifier' | 'relations'>[];

export function partsOf(widgets: unknown[] | null | undefined, blueprint: string, model: Model): PageParts {
  const parts: PageParts = { tabs: [], overview: [], paths: [] };
  for (const widget of (widgets ?? []) as WidgetJson[]) {
    if (widget.type === 'grouper' && widget.displayMode === 'tabs' && Array.isArray(widget.groups)) {
      (widget.groups as Group[]).forEach((group, i) => addGroup(parts, group, i, blueprint, model));
    } else addToOverview(parts, widget, blueprint, model);
  }
  return parts;
}

function addGroup(parts: PageParts, { title, widgets }: Group, at: number, blueprint: string, model: Model): void {
  const name = title.trim().toLowerCase();
  if (name === 'overview') widgets.forEach((widget) => addToOverview(parts, widget, blueprint, model));
  else if (builtIn.has(name)) widgets.forEach((widget) => addPaths(parts, widget, blueprint, model));
  else parts.tabs.push({ key: `page-${at}`, title, widgets });
}

function addToOverview(parts: PageParts, widget: WidgetJson, blueprint: string, model: Model): void {
  if (widget.type === 'table-entities-explorer-by-direction') return addPaths(parts, widget, blueprint, model);
  if (shown.has(widget.type)) return;
  const board = widget as BoardJson;
  const inner = widget.type === 'dashboard-widget' && Array.isArray(board.widgets) ? board.widgets : null;
  if (inner && inner.every(({ type }) => shown.has(type))) return;
  parts.overview.push(widget);
}

/** Port's tables by direction: the entities of a blueprint that a path of relations leads here from. */
function addPaths(parts: PageParts, widget: WidgetJson, blueprint: string, model: Model): void {
  const inner = [...((widget.widgets as WidgetJson[] | undefined) ?? []), ...((widget.groups as Group[] | undefined) ?? []).flatMap((group) => group.widgets)];
  inner.forEach((one) => addPaths(parts, one, blueprint, model));
  if (widget.type !== 'table-entities-explorer-by-direction') return;
  for (const config of Object.values((widget.blueprintConfig ?? {}) as Record<string, { title?: string; targetBlueprint?: string; relatedProperty?: string }>)) {
    const path = config?.targetBlueprint && config.relatedProperty ? pathTo(blueprint, config.targetBlueprint, config.relatedProperty, model) : null;
    if (path) parts.paths.push({ title: config.title || words(config.targetBlueprint ?? ''), path });
  }
}

/** `system.domain` of components, seen from a domain: `system domain`, then `component system`; of the entity itself it is followed as it is. */
export function pathTo(own: string, target: string, property: string, model: Model): string | null {
  const keys = property.split('.');
  const walk = (from: string) => {
    const steps: { from: string; key: string }[] = [];
    let at = from;
    for (const key of keys) {
      const relation = model.find(({ identifier }) => identifier === at)?.relations[key];
      if (!relation) return null;
      steps.push({ from: at, key });
      at = relation.target;
    }
    return { steps, at };
  };
  const there = walk(target);
  if (there && there.at === own) return there.steps.reverse().map(({ from, key }) => `${from} ${key}`).join('/');
  const here = walk(own);
  return here && here.at === target ? keys.join('/') : null;
}
