/** A new entity as the form has it. */
export interface NewBody {
  identifier: string;
  title: string;
  properties: Record<string, unknown>;
  relations: Record<string, unknown>;
  /** What the JSON says besides: icon, team. */
  others?: Record<string, unknown>;
}

/** What is sent: fields without a value are left to the blueprint's defaults. */
export function bodyOf({ identifier, title, properties, relations, others }: NewBody): Record<string, unknown> {
  const filled = (values: Record<string, unknown>) =>
    Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null && value !== undefined && !(Array.isArray(value) && value.length === 0)));
  return {
    ...(identifier.trim() ? { identifier: identifier.trim() } : {}),
    ...(title.trim() ? { title: title.trim() } : {}),
    ...others,
    properties: filled(properties),
    relations: filled(relations),
  };
}

/** Reads the JSON side; throws an error that says what is wrong. */
export function readBody(text: string): NewBody {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('An object is expected.');
  const { identifier = '', title = '', properties = {}, relations = {}, ...others } = value as Record<string, unknown>;
  for (const [name, part] of Object.entries({ properties, relations })) {
    if (typeof part !== 'object' || part === null || Array.isArray(part)) throw new Error(`"${name}" must be an object.`);
  }
  return { identifier: String(identifier ?? ''), title: String(title ?? ''), properties: properties as NewBody['properties'], relations: relations as NewBody['relations'], others };
}

/** The field that a message of the server is about. */
export function fieldOfMessage(message: string): string | undefined {
  const part = /(properties|relations)[/.]([^"'/\s]+)/.exec(message);
  if (part) return `${part[1]}.${part[2]}`;
  const missing = /"(properties|relations)" must have required property '([^']+)'/.exec(message);
  if (missing) return `${missing[1]}.${missing[2]}`;
  return /"(identifier|title)"/.exec(message)?.[1];
}
