import type { BoardJson, WidgetJson } from '~/api/pages';
import type { Blueprint } from '~/api/types';
import { arranged, newBoard, newId, type Placed } from './draft';

export interface Template {
  id: string;
  title: string;
  description: string;
  /** Widgets over what is in the catalog. */
  make: (blueprints: Blueprint[]) => WidgetJson[];
}

const rules = (...list: object[]) => ({ combinator: 'and', rules: list });
const of = (blueprint: string, ...more: object[]) => rules({ property: '$blueprint', operator: '=', value: blueprint }, ...more);
const empty = (property: string) => ({ property, operator: 'isEmpty' });

const put = (widget: Omit<WidgetJson, 'id'>, size: number, height: number): Placed => ({ widget: { id: newId(), ...widget } as WidgetJson, size, height });
const board = (...placed: Placed[]): WidgetJson[] => [arranged(newBoard(), placed) as BoardJson];

const number = (title: string, blueprint: string, ...more: object[]) =>
  put({ type: 'entities-number-chart', title, blueprint, chartType: 'countEntities', calculationBy: 'entities', func: 'count', unit: 'none', dataset: of(blueprint, ...more) }, 3, 140);
const chart = (type: 'bar-chart' | 'entities-pie-chart', title: string, blueprint: string, property: string) => put({ type, title, blueprint, property, dataset: of(blueprint) }, 6, 300);
const table = (title: string, blueprint: string, ...more: object[]) => put({ type: 'table-entities-explorer', title, blueprint, dataset: of(blueprint, ...more) }, 12, 420);
const over = (title: string, blueprint: string) =>
  put({ type: 'line-chart', title, blueprint, chartType: 'countEntities', func: 'count', measureTimeBy: '$updatedAt', timeInterval: 'day', timeRange: { preset: 'lastMonth' }, dataset: of(blueprint) }, 6, 300);

/** Blueprints with entities, the fullest first; people and teams are none of the catalog. */
export const fullest = (blueprints: Blueprint[]) => blueprints.filter((one) => !one.identifier.startsWith('_') && one.count > 0).sort((a, b) => b.count - a.count);

/** The one that a dashboard is about unless somebody says otherwise: services, where there are any. */
export function mainOf(blueprints: Blueprint[]): Blueprint | undefined {
  const full = fullest(blueprints);
  return full.find((one) => ['component', 'service', 'microservice'].includes(one.identifier)) ?? full[0];
}

/** A property with few values: one that lists them, else one that sounds like it. */
export function groupingOf(blueprint: Blueprint): string {
  const properties = Object.entries(blueprint.properties);
  const listed = properties.find(([, definition]) => definition.enum);
  const spoken = properties.find(([key]) => ['lifecycle', 'status', 'tier', 'language', 'type'].includes(key));
  return spoken?.[0] ?? listed?.[0] ?? '$team';
}

export const templates: Template[] = [
  { id: 'empty', title: 'Empty', description: 'A board without widgets.', make: () => [newBoard()] },
  {
    id: 'overview',
    title: 'Catalog overview',
    description: 'How much there is of what, by team, and what changed last.',
    make: (blueprints) => {
      const full = fullest(blueprints).slice(0, 4);
      const main = mainOf(blueprints);
      if (!main) return [newBoard()];
      return board(
        ...full.map((one) => number(one.title, one.identifier)),
        chart('entities-pie-chart', `${main.title} by ${groupingOf(main).replace('$', '')}`, main.identifier, groupingOf(main)),
        chart('bar-chart', `${main.title} by team`, main.identifier, '$team'),
        put({ type: 'table-audit-log', title: 'Recent changes', query: {} }, 6, 340),
        over(`${main.title}: changes by day`, main.identifier),
      );
    },
  },
  {
    id: 'ownership',
    title: 'Ownership',
    description: 'Who owns what, and what nobody owns.',
    make: (blueprints) => {
      const main = mainOf(blueprints);
      if (!main) return [newBoard()];
      const nobody = number(`${main.title} without a team`, main.identifier, empty('$team'));
      const judged = { ...nobody.widget, conditionalFormatting: [{ operator: '=', value: 0, message: 'Everything is owned', color: 'green' }, { operator: '>', value: 0, message: 'Find owners', color: 'orange' }] };
      return board(
        number(main.title, main.identifier),
        { ...nobody, widget: judged },
        put({ type: 'my-entities', title: 'My entities' }, 6, 140),
        chart('bar-chart', `${main.title} by team`, main.identifier, '$team'),
        chart('entities-pie-chart', `${main.title} by ${groupingOf(main).replace('$', '')}`, main.identifier, groupingOf(main)),
        table('Without a team', main.identifier, empty('$team')),
      );
    },
  },
  {
    id: 'team',
    title: 'For each reader’s team',
    description: 'What my teams own: each reader sees their own.',
    make: (blueprints) => {
      const main = mainOf(blueprints);
      if (!main) return [newBoard()];
      const mine = { property: '$team', operator: 'containsAny', value: ['{{getUserTeams()}}'] };
      return board(
        number(`Our ${main.title.toLowerCase()} entities`, main.identifier, mine),
        put({ type: 'my-entities', title: 'Everything of ours' }, 5, 260),
        put({ type: 'recently-viewed-entities', title: 'Recently viewed' }, 4, 260),
        table(`${main.title} of our teams`, main.identifier, mine),
      );
    },
  },
];
