/**
 * Types of the native API. `npm run generate` replaces this file with the one made from the
 * server's OpenAPI document; nothing outside `src/api` may import it.
 */
export interface paths {
  '/session': { get: operations['session'] };
  '/blueprints': { get: operations['blueprints'] };
  '/tables': { post: operations['table'] };
  '/entity': { get: operations['entity'] };
  '/suggest': { get: operations['suggest'] };
  '/sources': { get: operations['sources'] };
  '/sources/confirm': { post: operations['confirm'] };
  '/documents': { post: operations['documents'] };
}

export interface components {
  schemas: {
    Error: { error: { code: string; message: string } };
    Session: {
      viewer: { name: string; role: string };
      devMode: boolean;
      title: string;
      organization: string | null;
      version: string;
      revision: number;
    };
    Link: {
      blueprint: string;
      identifier: string;
      title: string;
      ref: string | null;
      kind: string | null;
      icon: string | null;
      exists: boolean;
    };
    PropertyDefinition: {
      title?: string;
      description?: string;
      type?: string;
      format?: string;
      enum?: unknown[];
      enumColors?: Record<string, string>;
      items?: { type?: string; format?: string; enum?: unknown[]; enumColors?: Record<string, string> };
      icon?: string;
      spec?: string;
    } & Record<string, unknown>;
    RelationDefinition: { title: string | null; target: string; required: boolean; many: boolean };
    Blueprint: {
      identifier: string;
      title: string;
      icon: string | null;
      description: string | null;
      kind: string | null;
      shipped: boolean;
      count: number;
      properties: Record<string, components['schemas']['PropertyDefinition']>;
      required: string[];
      relations: Record<string, components['schemas']['RelationDefinition']>;
    };
    ModelEdge: { from: string; relation: string; to: string; count: number };
    Blueprints: {
      blueprints: components['schemas']['Blueprint'][];
      edges: components['schemas']['ModelEdge'][];
    };
    Filter: { field: string; values: unknown[] };
    TableRequest: {
      blueprint: string;
      search?: string;
      filters?: components['schemas']['Filter'][];
      sort?: { field: string; order: 'asc' | 'desc' };
      offset?: number;
      limit?: number;
      facets?: string[];
    };
    Row: {
      identifier: string;
      title: string;
      icon: string | null;
      blueprint: string;
      ref: string | null;
      team: string[];
      properties: Record<string, unknown>;
      relations: Record<string, components['schemas']['Link'][]>;
      createdAt: string;
      updatedAt: string;
      problems: number;
    };
    FacetValue: { value: unknown; title: string; count: number };
    Facet: { values: components['schemas']['FacetValue'][]; missing: number; more: number };
    Table: {
      total: number;
      revision: number;
      rows: components['schemas']['Row'][];
      facets: Record<string, components['schemas']['Facet']>;
    };
    EntityDetail: components['schemas']['Row'] & {
      createdBy: string | null;
      updatedBy: string | null;
      uid: string | null;
    };
    Incoming: {
      blueprint: string;
      relation: string;
      title: string;
      links: components['schemas']['Link'][];
      total: number;
    };
    Edge: { type: string; link: components['schemas']['Link'] };
    EntitySource: {
      kind: string;
      target: string;
      file: string | null;
      line: number | null;
      state: string | null;
      lastSeen: string | null;
    };
    Problem: {
      level: string;
      message: string;
      file: string | null;
      line: number | null;
      ref?: string | null;
    };
    Entity: {
      entity: components['schemas']['EntityDetail'];
      incoming: components['schemas']['Incoming'][];
      edges: components['schemas']['Edge'][];
      source: components['schemas']['EntitySource'] | null;
      problems: components['schemas']['Problem'][];
      port: unknown;
      backstage: unknown;
      yaml: string | null;
    };
    Suggestion: components['schemas']['Link'] & { description: string | null };
    Suggestions: { links: components['schemas']['Suggestion'][]; total: number };
    Conflict: { ref: string; holder: string; claimer: string };
    Source: {
      id: string;
      type: string;
      target: string;
      state: string | null;
      reason: string | null;
      lastRun: string | null;
      entities: number;
      problems: components['schemas']['Problem'][];
      conflicts: components['schemas']['Conflict'][];
    };
    Sources: { sources: components['schemas']['Source'][] };
    DocumentOutcome: { ref: string | null; blueprint: string; identifier: string; index: number };
    DocumentProblem: {
      index: number;
      line: number | null;
      column: number | null;
      ref: string | null;
      message: string;
    };
    DocumentsResult: {
      dryRun: boolean;
      created: components['schemas']['DocumentOutcome'][];
      changed: components['schemas']['DocumentOutcome'][];
      unchanged: components['schemas']['DocumentOutcome'][];
      rejected: components['schemas']['DocumentProblem'][];
    };
  };
}

type Json<T> = { content: { 'application/json': T } };
type Failure = Json<components['schemas']['Error']>;

export interface operations {
  session: { responses: { 200: Json<components['schemas']['Session']>; default: Failure } };
  blueprints: { responses: { 200: Json<components['schemas']['Blueprints']>; default: Failure } };
  table: {
    requestBody: Json<components['schemas']['TableRequest']>;
    responses: { 200: Json<components['schemas']['Table']>; default: Failure };
  };
  entity: {
    parameters: { query: { blueprint: string; identifier: string } };
    responses: { 200: Json<components['schemas']['Entity']>; default: Failure };
  };
  suggest: {
    parameters: { query: { q: string; limit?: number } };
    responses: { 200: Json<components['schemas']['Suggestions']>; default: Failure };
  };
  sources: { responses: { 200: Json<components['schemas']['Sources']>; default: Failure } };
  confirm: {
    parameters: { query: { id: string } };
    responses: { 200: Json<components['schemas']['Sources']>; default: Failure };
  };
  documents: {
    parameters: { query?: { dryRun?: boolean } };
    requestBody: { content: { 'application/yaml': string; 'application/json': unknown } };
    responses: {
      200: Json<components['schemas']['DocumentsResult']>;
      207: Json<components['schemas']['DocumentsResult']>;
      422: Json<components['schemas']['DocumentsResult']>;
      default: Failure;
    };
  };
}
