import type { PageJson, WidgetJson } from '~/api/pages';
import { actions, blueprint, scorecard } from './data';
import { pageIdentifier } from './useExamples';

const services = (...rules: object[]) => ({ combinator: 'and', rules: [{ property: '$blueprint', operator: '=', value: blueprint }, { property: 'type', operator: '=', value: 'service' }, ...rules] });
const number = { type: 'entities-number-chart', blueprint, chartType: 'countEntities', calculationBy: 'entities', func: 'count', unit: 'none' };
const ofScorecard = { blueprint, scorecard: scorecard.identifier };

const shown = ['$team', 'size', 'replicas', 'on_call', 'public'];

const widgets: WidgetJson[] = [
  { id: 'services', ...number, title: 'Services', dataset: services() },
  {
    id: 'unattended',
    ...number,
    title: 'Nobody on call',
    dataset: services({ property: 'on_call', operator: 'isEmpty' }),
    conditionalFormatting: [
      { operator: '=', value: 0, message: 'Everything is looked after', color: 'green' },
      { operator: '>', value: 0, message: 'Say who is on call', color: 'orange' },
    ],
  },
  { id: 'actions', type: 'action-card-widget', title: 'What you can do', actions: actions.filter(({ trigger }) => (trigger as { type: string }).type === 'self-service').map(({ identifier }) => ({ action: identifier })) },
  { id: 'levels', type: 'scorecard-levels', title: 'Running well', ...ofScorecard },
  { id: 'sizes', type: 'entities-pie-chart', title: 'Services by size', blueprint, property: 'size', dataset: services({ property: 'size', operator: 'isNotEmpty' }) },
  { id: 'heat', type: 'scorecard-heat-map', title: 'Teams by rules', groupBy: '$team', ...ofScorecard },
  { id: 'table', type: 'table-entities-explorer', title: 'Services', blueprint, dataset: services(), blueprintConfig: { [blueprint]: { shown } } },
  { id: 'runs', type: 'runs-table', title: 'Runs', query: {} },
];

const row = (height: number, ...columns: [string, number][]) => ({ height, columns: columns.map(([id, size]) => ({ id, size })) });

/** A dashboard that has something of everything. */
export const page: Partial<PageJson> = {
  identifier: pageIdentifier,
  title: 'Services at a glance',
  icon: 'Dashboard',
  type: 'dashboard',
  widgets: [
    {
      id: 'board',
      type: 'dashboard-widget',
      layout: [row(180, ['services', 3], ['unattended', 3], ['actions', 6]), row(210, ['levels', 6], ['sizes', 6]), row(320, ['heat', 12]), row(420, ['table', 12]), row(300, ['runs', 12])],
      widgets,
    },
  ],
};
