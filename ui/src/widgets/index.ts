export { keyOf } from './keys';
export { PageView, Widgets } from './PageView';
export { titleOf, widgetTypes } from './registry';
export type { Field, WidgetType } from './types';
export { Widget } from './Widget';
