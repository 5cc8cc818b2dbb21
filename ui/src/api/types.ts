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

export type Session = Success<paths['/session']['get']>;
export type Model = Success<paths['/blueprints']['get']>;
export type Blueprint = Model['blueprints'][number];
export type ModelEdge = Model['edges'][number];
export type PropertyDefinition = Blueprint['properties'][string];
export type RelationDefinition = Blueprint['relations'][string];

export type TableRequest = Request<paths['/tables']['post']>;
export type TableResult = Success<paths['/tables']['post']>;
export type Row = TableResult['rows'][number];
export type Facet = TableResult['facets'][string];
export type LinkTo = Row['relations'][string][number];

export type EntityResult = Success<paths['/entity']['get']>;
export type EntityDetail = EntityResult['entity'];
export type EntitySource = NonNullable<EntityResult['source']>;
export type Problem = EntityResult['problems'][number];

export type Suggestion = Success<paths['/suggest']['get']>['links'][number];
export type Source = Success<paths['/sources']['get']>['sources'][number];
export type DocumentsResult = Success<paths['/documents']['post']>;
