import type { PropertyDefinition } from '~/api/types';

/** How a value of its own kind is shown. */
export type ViewerKind = 'openapi' | 'asyncapi' | 'graphql' | 'proto' | 'embed' | 'code';

/** Which viewer a property is for: by its `spec`, by its format, or by the type of the API that it defines. */
export function viewerOf(key: string, value: unknown, definition: PropertyDefinition | undefined, type: unknown): ViewerKind | null {
  const { spec, format } = definition ?? {};
  const usable = (typeof value === 'string' && value !== '') || (typeof value === 'object' && value !== null && !Array.isArray(value));
  if (!usable) return null;
  if (spec === 'embedded-url') return typeof value === 'string' ? 'embed' : null;
  if (spec === 'open-api') return 'openapi';
  if (spec === 'async-api') return 'asyncapi';
  if (format === 'proto') return 'proto';
  if (key !== 'definition' || typeof value !== 'string') return null;
  const kind = typeof type === 'string' ? type.toLowerCase() : '';
  if (kind === 'openapi' || kind === 'asyncapi' || kind === 'graphql') return kind;
  if (kind === 'grpc') return 'proto';
  if (/^\s*("?swagger"?|"?openapi"?)\s*:|^\s*\{\s*"(openapi|swagger)"/m.test(value.slice(0, 2000))) return 'openapi';
  if (/^\s*"?asyncapi"?\s*:|^\s*\{\s*"asyncapi"/m.test(value.slice(0, 2000))) return 'asyncapi';
  return 'code';
}
