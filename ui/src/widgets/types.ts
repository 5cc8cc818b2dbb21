import type { ComponentType } from 'react';
import type { DataOf, WidgetData, WidgetJson } from '~/api/pages';

export interface WidgetProps<Kind extends WidgetData['kind'] = WidgetData['kind']> {
  widget: WidgetJson;
  data: DataOf<Kind>;
}

/** What the editor asks for a new widget: fields it knows how to ask for. */
export type Field =
  | 'title'
  | 'blueprint'
  | 'query'
  | 'property'
  | 'numberOf'
  | 'unit'
  | 'lineOf'
  | 'markdown'
  | 'url'
  | 'links'
  | 'actions'
  | 'action'
  | 'scorecard'
  | 'groupBy';

export interface WidgetType {
  /** In the gallery. */
  title: string;
  description: string;
  /** In which order its fields are asked for. Without any it is edited as JSON. */
  fields?: Field[];
  /** A new one over this blueprint; without it the type cannot be added here. */
  make?: (blueprint: string, property: string) => Omit<WidgetJson, 'id'>;
  /** How much room a new one takes, of twelve columns. */
  size?: number;
  /** It asks for what it shows by itself, whatever comes with the page. */
  own?: true;
  /** Takes the data of its own kind, which the server chooses by the type. */
  component: ComponentType<any>;
}
