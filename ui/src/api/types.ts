import type { paths } from './schema';

/** The body of the first success of an operation. Types are taken from paths, not from the names
 * the generator gives to schemas, so that a regenerated `schema.ts` drops in. */
type Success<Operation> = Operation extends {
  responses: { 200: { content: { 'application/json': infer Body } } };
}
  ? Body
  : never;

type Request<Operation> = Operation extends {
  requestBody: { content: { 'application/json': infer Body } };
}
  ? Body
  : never;

type AnyModel = Success<paths['/blueprints']['get']>;
export interface Model extends Omit<AnyModel, 'blueprints'> {
  blueprints: Blueprint[];
}
export interface Blueprint extends Omit<AnyModel['blueprints'][number], 'properties' | 'derived' | 'problems'> {
  /** Those that are stored, then those that are derived. */
  properties: Record<string, PropertyDefinition>;
}
export type ModelEdge = Model['edges'][number];

/** What the UI reads of Port's property definitions, which the API passes on as they are. */
export interface PropertyDefinition {
  title?: string;
  description?: string;
  type?: string;
  format?: string;
  spec?: string;
  enum?: unknown[];
  enumColors?: Record<string, string>;
  items?: Pick<PropertyDefinition, 'type' | 'format' | 'enum' | 'enumColors'>;
  /** Where its values come from, if they are not stored. */
  derived?: Derivation;
}
export interface Derivation {
  kind: 'mirror' | 'calculation' | 'aggregation';
  /** A path of relations, a JQ program, what is counted of what. */
  from: string;
  /** Why it has no value. */
  problem?: string;
}
export type RelationDefinition = Blueprint['relations'][string];

export type TableRequest = Request<paths['/tables']['post']>;
export type TableResult = Success<paths['/tables']['post']>;
/** A table with its first page: what a board or the home page shows. */
export type TableTab = NonNullable<Success<paths['/home']['get']>['tables'][number]['table']>;
export type Row = TableResult['rows'][number];
/** Of columns that are levels: these levels, by the names that were asked for. */
export type LevelsOf = NonNullable<TableResult['levels']>;
export type Facet = TableResult['facets'][string];
export type LinkTo = Success<paths['/entity']['get']>['owners'][number];

export type EntityResult = Success<paths['/entity']['get']>;
export type EntityDetail = EntityResult['entity'];
export type EntitySource = NonNullable<EntityResult['source']>;
export type Problem = EntityResult['problems'][number];

export type Suggestions = Success<paths['/suggest']['get']>;
export type Source = Success<paths['/sources']['get']>['sources'][number];
export type Budget = Success<paths['/sources']['get']>['budgets'][number];
export type Removal = Success<paths['/removals']['get']>['removals'][number];
export type UndoAnswer = Success<paths['/undo']['post']>;
export type DocumentsResult = Success<paths['/documents']['post']>;
