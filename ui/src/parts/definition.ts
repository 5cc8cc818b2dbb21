/** What the viewers show of a definition: plain lists, and the schemas as they stand, by reference. */
export interface Definition {
  title: string;
  version: string;
  spec: string;
  description: string;
  servers: { url: string; description: string }[];
  /** In the order of the tags. */
  groups: { name: string; description: string; operations: Operation[] }[];
  schemas: Record<string, unknown>;
  /** All of it, for what references name. */
  root: unknown;
}

export interface Operation {
  id: string;
  /** `get`, `send`, ... */
  verb: string;
  path: string;
  summary: string;
  description: string;
  deprecated: boolean;
  parameters: Parameter[];
  /** Request bodies, responses, messages. */
  contents: Content[];
}

export interface Parameter {
  name: string;
  place: string;
  required: boolean;
  description: string;
  schema: unknown;
}

export interface Content {
  title: string;
  description: string;
  /** By media type; null where there is no body. */
  media: string | null;
  schema: unknown;
}

type Json = Record<string, unknown>;

const verbs = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];
/** So many operations are read; the rest is counted by nobody but the source. */
export const mostOperations = 3000;

const object = (value: unknown): Json => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {});
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const text = (value: unknown): string => (typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '');

/** What a local reference names, through references to references; a cycle of them ends. */
export function resolve(root: unknown, value: unknown): unknown {
  let found = value;
  for (let hops = 0; hops < 20; hops++) {
    const ref = object(found).$ref;
    if (typeof ref !== 'string') return found;
    found = at(root, ref);
    if (found === undefined) return { description: `${ref} is not in this document` };
  }
  return { description: 'a reference that leads back to itself' };
}

function at(root: unknown, ref: string): unknown {
  if (!ref.startsWith('#/')) return undefined;
  let found: unknown = root;
  for (const part of ref.slice(2).split('/')) {
    const key = decode(part).replace(/~1/g, '/').replace(/~0/g, '~');
    const from: unknown = found;
    if (typeof from !== 'object' || from === null || !Object.hasOwn(from, key)) return undefined;
    found = (from as Json)[key];
  }
  return found;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function readDefinition(kind: 'openapi' | 'asyncapi', root: unknown): Definition {
  const document = object(root);
  if (Object.keys(document).length === 0) throw new Error('This is no object.');
  const info = object(document.info);
  const operations = kind === 'openapi' ? openApi(document) : asyncApi(document);
  const components = object(document.components);
  return {
    title: text(info.title),
    version: text(info.version),
    spec: text(document.openapi) || text(document.swagger) || text(document.asyncapi),
    description: text(info.description),
    servers: servers(document),
    groups: grouped(document, operations),
    schemas: object(components.schemas ?? document.definitions),
    root,
  };
}

function servers(document: Json): Definition['servers'] {
  if (document.host) return list(document.schemes ?? ['https']).map((scheme) => ({ url: `${text(scheme)}://${text(document.host)}${text(document.basePath)}`, description: '' }));
  const all = Array.isArray(document.servers) ? document.servers : Object.values(object(document.servers));
  return all.slice(0, 50).map((one) => {
    const server = object(resolve(document, one));
    const url = text(server.url) || `${text(server.host)}${text(server.pathname)}`;
    return { url, description: [text(server.protocol), text(server.description)].filter(Boolean).join(' · ') };
  });
}

interface Tagged extends Operation {
  tags: string[];
}

function grouped(document: Json, operations: Tagged[]): Definition['groups'] {
  const described = new Map(list(document.tags).map((tag) => [text(object(tag).name), text(object(tag).description)]));
  const groups = new Map<string, Operation[]>([...described.keys()].map((name) => [name, []]));
  for (const operation of operations) {
    const name = operation.tags[0] ?? '';
    const group = groups.get(name);
    if (group) group.push(operation);
    else groups.set(name, [operation]);
  }
  return [...groups].filter(([, all]) => all.length > 0).map(([name, all]) => ({ name, description: described.get(name) ?? '', operations: all }));
}

function openApi(document: Json): Tagged[] {
  const found: Tagged[] = [];
  for (const [path, item] of Object.entries(object(document.paths))) {
    const shared = object(resolve(document, item));
    for (const verb of verbs) {
      if (!(verb in shared) || found.length >= mostOperations) continue;
      const operation = object(shared[verb]);
      const parameters = [...list(shared.parameters), ...list(operation.parameters)].slice(0, 200).map((one) => object(resolve(document, one)));
      found.push({
        ...about(operation, `${verb} ${path}`),
        verb,
        path,
        parameters: parameters.filter((one) => one.in !== 'body').map(parameter),
        contents: [...bodies(document, operation, parameters), ...responses(document, operation)],
      });
    }
  }
  return found;
}

function about(operation: Json, id: string) {
  return {
    id: text(operation.operationId) || id,
    summary: text(operation.summary) || text(operation.title),
    description: text(operation.description),
    deprecated: operation.deprecated === true,
    tags: list(operation.tags).map((tag) => text(tag) || text(object(tag).name)).filter(Boolean),
  };
}

function parameter(one: Json): Parameter {
  return { name: text(one.name), place: text(one.in), required: one.required === true, description: text(one.description), schema: one.schema ?? one };
}

function bodies(document: Json, operation: Json, parameters: Json[]): Content[] {
  const old = parameters.filter((one) => one.in === 'body').map((one) => ({ title: 'Request body', description: text(one.description), media: null, schema: one.schema }));
  const body = object(resolve(document, operation.requestBody ?? {}));
  return [...old, ...media(body, body.required === true ? 'Request body, required' : 'Request body')];
}

function media(holder: Json, title: string): Content[] {
  return Object.entries(object(holder.content)).slice(0, 20).map(([type, one]) => ({ title, description: text(holder.description), media: type, schema: object(one).schema }));
}

function responses(document: Json, operation: Json): Content[] {
  return Object.entries(object(operation.responses)).slice(0, 60).flatMap(([status, one]) => {
    const response = object(resolve(document, one));
    const found = media(response, `Response ${status}`);
    return found.length > 0 ? found : [{ title: `Response ${status}`, description: text(response.description), media: null, schema: response.schema }];
  });
}

function asyncApi(document: Json): Tagged[] {
  return text(document.asyncapi).startsWith('3') ? asyncThree(document) : asyncTwo(document);
}

function asyncTwo(document: Json): Tagged[] {
  const found: Tagged[] = [];
  for (const [name, item] of Object.entries(object(document.channels))) {
    const channel = object(resolve(document, item));
    for (const verb of ['publish', 'subscribe']) {
      if (!(verb in channel) || found.length >= mostOperations) continue;
      const operation = object(channel[verb]);
      const message = object(resolve(document, operation.message));
      const messages = Array.isArray(message.oneOf) ? message.oneOf : [message];
      found.push({
        ...about(operation, `${verb} ${name}`),
        description: text(operation.description) || text(channel.description),
        verb,
        path: name,
        parameters: channelParameters(document, channel),
        contents: messages.slice(0, 60).map((one) => content(document, one)),
      });
    }
  }
  return found;
}

function asyncThree(document: Json): Tagged[] {
  return Object.entries(object(document.operations)).slice(0, mostOperations).map(([name, one]) => {
    const operation = object(resolve(document, one));
    const channel = object(resolve(document, operation.channel));
    const messages = Array.isArray(operation.messages) ? operation.messages : Object.values(object(channel.messages));
    return {
      ...about(operation, name),
      verb: text(operation.action),
      path: text(channel.address) || name,
      parameters: channelParameters(document, channel),
      contents: messages.slice(0, 60).map((message) => content(document, message)),
    };
  });
}

function channelParameters(document: Json, channel: Json): Parameter[] {
  return Object.entries(object(channel.parameters)).slice(0, 200).map(([name, one]) => {
    const found = object(resolve(document, one));
    return { name, place: 'channel', required: true, description: text(found.description), schema: found.schema ?? found };
  });
}

function content(document: Json, one: unknown): Content {
  const message = object(resolve(document, one));
  return {
    title: text(message.title) || text(message.name) || 'Message',
    description: text(message.summary) || text(message.description),
    media: text(message.contentType) || null,
    schema: message.payload,
  };
}
