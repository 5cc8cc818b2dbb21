import { lazy } from 'react';
import type { WidgetJson } from '~/api/pages';
import type { WidgetType } from './types';

const list = () => import('./lists');
const Slices = lazy(async () => ({ default: (await import('./SlicesWidget')).SlicesWidget }));
const Num = lazy(async () => ({ default: (await import('./NumberWidget')).NumberWidget }));
const Lines = lazy(async () => ({ default: (await import('./LinesWidget')).LinesWidget }));
const Graph = lazy(async () => ({ default: (await import('./GraphWidget')).GraphWidget }));
const Table = lazy(async () => ({ default: (await import('./TableWidget')).TableWidget }));
const Entities = lazy(async () => ({ default: (await list()).EntitiesWidget }));
const Entity = lazy(async () => ({ default: (await list()).EntityWidget }));
const Changes = lazy(async () => ({ default: (await list()).ChangesWidget }));
const Text = lazy(async () => ({ default: (await list()).TextWidget }));
const Links = lazy(async () => ({ default: (await list()).LinksWidget }));
const Frame = lazy(async () => ({ default: (await list()).FrameWidget }));
const runs = () => import('./RunWidgets');
const Actions = lazy(async () => ({ default: (await runs()).ActionsWidget }));
const RecentActions = lazy(async () => ({ default: (await runs()).RecentActionsWidget }));
const Runs = lazy(async () => ({ default: (await runs()).RunsWidget }));
const scorecards = () => import('./ScorecardWidgets');
const ScorecardLevels = lazy(async () => ({ default: (await scorecards()).ScorecardLevelsWidget }));
const ScorecardRules = lazy(async () => ({ default: (await scorecards()).ScorecardRulesWidget }));
const ScorecardHeatMap = lazy(async () => ({ default: (await scorecards()).ScorecardHeatMapWidget }));
export const Note = lazy(async () => ({ default: (await list()).NoteWidget }));
export const Unknown = lazy(async () => ({ default: (await list()).UnknownWidget }));

const of = (blueprint: string) => ({ combinator: 'and', rules: [{ property: '$blueprint', operator: '=', value: blueprint }] });

/** Every widget type that is known: one line each. Those with `make` can be added in the editor. */
export const widgetTypes: Record<string, WidgetType> = {
  'entities-number-chart': {
    title: 'Number',
    description: 'How many, or one number made of a property',
    fields: ['title', 'blueprint', 'query', 'numberOf', 'unit'],
    size: 3,
    make: (blueprint) => ({ type: 'entities-number-chart', title: 'Number', blueprint, chartType: 'countEntities', calculationBy: 'entities', func: 'count', unit: 'none', dataset: of(blueprint) }),
    component: Num,
  },
  'entities-pie-chart': {
    title: 'Pie',
    description: 'How entities fall into values of a property',
    fields: ['title', 'blueprint', 'property', 'query'],
    size: 6,
    make: (blueprint, property) => ({ type: 'entities-pie-chart', title: 'Pie', blueprint, property, dataset: of(blueprint) }),
    component: Slices,
  },
  'bar-chart': {
    title: 'Bars',
    description: 'The most frequent values of a property',
    fields: ['title', 'blueprint', 'property', 'query'],
    size: 6,
    make: (blueprint, property) => ({ type: 'bar-chart', title: 'Bars', blueprint, property, dataset: of(blueprint) }),
    component: Slices,
  },
  'line-chart': {
    title: 'Lines over time',
    description: 'What came when, by day, week or month',
    fields: ['title', 'blueprint', 'query', 'lineOf'],
    size: 6,
    make: (blueprint) => ({ type: 'line-chart', title: 'Over time', blueprint, chartType: 'countEntities', func: 'count', measureTimeBy: '$createdAt', timeInterval: 'day', timeRange: { preset: 'lastMonth' }, dataset: of(blueprint) }),
    component: Lines,
  },
  'table-entities-explorer': {
    title: 'Table',
    description: 'The entities themselves',
    fields: ['title', 'blueprint', 'query'],
    size: 12,
    make: (blueprint) => ({ type: 'table-entities-explorer', title: 'Table', blueprint, dataset: of(blueprint) }),
    component: Table,
  },
  markdown: {
    title: 'Text',
    description: 'Words of your own, in Markdown',
    fields: ['title', 'markdown'],
    size: 6,
    make: () => ({ type: 'markdown', title: 'Text', source: 'custom', markdown: 'Write something here.' }),
    component: Text,
  },
  'links-widget': {
    title: 'Links',
    description: 'Where else to go',
    fields: ['title', 'links'],
    size: 4,
    make: () => ({ type: 'links-widget', title: 'Links', links: [{ title: 'Home', url: '/' }] }),
    component: Links,
  },
  'iframe-widget': {
    title: 'Embedded page',
    description: 'A page from elsewhere, where the configuration allows it',
    fields: ['title', 'url'],
    size: 12,
    make: () => ({ type: 'iframe-widget', title: 'Embedded page', url: 'https://example.com', urlType: 'public' }),
    component: Frame,
  },
  'my-entities': {
    title: 'My entities',
    description: 'What the reader’s teams own',
    fields: ['title'],
    size: 4,
    make: () => ({ type: 'my-entities', title: 'My entities' }),
    component: Entities,
  },
  'recently-viewed-entities': {
    title: 'Recently viewed',
    description: 'What the reader looked at last',
    fields: ['title'],
    size: 4,
    make: () => ({ type: 'recently-viewed-entities', title: 'Recently viewed' }),
    component: Entities,
  },
  'table-audit-log': {
    title: 'Recent changes',
    description: 'What changed last of what the reader may see',
    fields: ['title'],
    size: 4,
    make: () => ({ type: 'table-audit-log', title: 'Recent changes', query: {} }),
    component: Changes,
  },
  'graph-entities-explorer': {
    title: 'Graph',
    description: 'Entities and what they are related to',
    fields: ['title', 'blueprint', 'query'],
    size: 12,
    make: (blueprint) => ({ type: 'graph-entities-explorer', title: 'Graph', blueprint, dataset: of(blueprint) }),
    component: Graph,
  },
  'action-card-widget': {
    title: 'Actions',
    description: 'What can be run from here',
    fields: ['title', 'actions'],
    size: 4,
    make: () => ({ type: 'action-card-widget', title: 'Actions', actions: [] }),
    own: true,
    component: Actions,
  },
  'recently-used-actions': {
    title: 'Recently used actions',
    description: 'What the reader ran last',
    fields: ['title'],
    size: 4,
    make: () => ({ type: 'recently-used-actions', title: 'Recently used actions' }),
    own: true,
    component: RecentActions,
  },
  'runs-table': {
    title: 'Runs',
    description: 'What has been run, and how it went',
    fields: ['title'],
    size: 12,
    make: () => ({ type: 'runs-table', title: 'Runs', query: {} }),
    own: true,
    component: Runs,
  },
  'action-runs-table-widget': { title: 'Runs of an action', description: 'How an action went', fields: ['title', 'action'], own: true, component: Runs },
  'scorecard-levels': {
    title: 'Levels of a scorecard',
    description: 'How many entities have reached which level',
    fields: ['title', 'scorecard'],
    size: 6,
    make: (blueprint) => ({ type: 'scorecard-levels', title: 'Levels', blueprint }),
    own: true,
    component: ScorecardLevels,
  },
  'scorecard-rules': {
    title: 'Rules of a scorecard',
    description: 'The share of entities that keeps each rule',
    fields: ['title', 'scorecard'],
    size: 6,
    make: (blueprint) => ({ type: 'scorecard-rules', title: 'Rules', blueprint }),
    own: true,
    component: ScorecardRules,
  },
  'scorecard-heat-map': {
    title: 'Heat map of a scorecard',
    description: 'Teams, or other groups, by rules',
    fields: ['title', 'scorecard', 'groupBy'],
    size: 12,
    make: (blueprint) => ({ type: 'scorecard-heat-map', title: 'Heat map', blueprint, groupBy: '$team' }),
    own: true,
    component: ScorecardHeatMap,
  },
  'table-entities-explorer-by-direction': { title: 'Related entities', description: 'What is related to the entity of the page', component: Table },
  'entity-info': { title: 'Entity', description: 'What one entity says of itself', component: Entity },
  'entity-details': { title: 'Entity', description: 'What one entity says of itself', component: Entity },
  'users-table': { title: 'People', description: 'Everybody', component: Entities },
  'teams-table': { title: 'Teams', description: 'All teams', component: Entities },
  'user-info': { title: 'Person', description: 'One person', component: Entity },
  'team-info': { title: 'Team', description: 'One team', component: Entity },
};

/** What a widget is called where it has no title of its own. */
export const titleOf = (widget: WidgetJson) => (typeof widget.title === 'string' && widget.title !== '' ? widget.title : (widgetTypes[widget.type]?.title ?? widget.type));
