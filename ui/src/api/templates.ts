import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { ApiError, backstage, client, unwrap } from './client';

/** What a template asks for. */
export interface ParameterSchema {
  title: string;
  description?: string;
  presentation?: { buttonLabels?: { backButtonText?: string; createButtonText?: string; reviewButtonText?: string } };
  steps: { title?: string; description?: string; schema: Record<string, unknown> }[];
}

/** `template:default/new-service` in its parts. */
export function partsOf(ref: string): { kind: string; namespace: string; name: string } {
  const [, kind = 'template', namespace = 'default', name = ref] = /^(?:([^:/]+):)?(?:([^/]+)\/)?(.+)$/.exec(ref) ?? [];
  return { kind, namespace, name };
}

export const parametersQuery = (ref: string) =>
  queryOptions({
    queryKey: ['template', ref, 'parameters'],
    queryFn: async ({ signal }) =>
      (await unwrap(backstage.GET('/api/scaffolder/v2/templates/{namespace}/{kind}/{name}/parameter-schema', { params: { path: partsOf(ref) }, signal }))) as unknown as ParameterSchema,
    retry: false,
  });

/** Starts a task and tells its id. */
export async function startTemplate(templateRef: string, values: Record<string, unknown>, secrets: Record<string, string>): Promise<string> {
  const body = { templateRef, values, secrets: Object.keys(secrets).length > 0 ? secrets : undefined };
  try {
    return ((await unwrap(backstage.POST('/api/scaffolder/v2/tasks', { body }))) as { id: string }).id;
  } catch (error) {
    throw inWords(error);
  }
}

/** Backstage lists what is wrong with values instead of saying it. */
function inWords(error: unknown): unknown {
  const { errors } = (error instanceof ApiError ? (error.body ?? {}) : {}) as { errors?: unknown };
  if (!(error instanceof ApiError) || !Array.isArray(errors)) return error;
  const words = (errors as { stack?: string; message?: string }[]).map(({ stack, message }) => (stack ?? message ?? '').replace(/^instance\.?/, '')).filter(Boolean);
  return words.length > 0 ? new ApiError(error.status, error.code, `${words.join('; ')}.`) : error;
}

export interface TemplateProblem {
  line: number;
  column: number;
  message: string;
  /** With a warning it can be executed all the same. */
  severity: 'error' | 'warning';
  /** A line to be put in. */
  fix?: { title: string; line: number; text: string } | null;
}

export interface TemplateCheck {
  problems: TemplateProblem[];
  ref?: string | null;
  /** As it would be executed; null where it cannot be read. */
  template: unknown;
  form: ParameterSchema | null;
}

/** What a text is worth as a template. */
export const templateCheckQuery = (text: string) =>
  queryOptions({
    queryKey: ['template', 'check', text],
    queryFn: async ({ signal }) => {
      const sent = { body: text, bodySerializer: (body: string) => body, headers: { 'content-type': 'application/yaml' }, signal };
      return (await unwrap(client.POST('/templates/check', sent))) as TemplateCheck;
    },
    placeholderData: keepPreviousData,
    retry: false,
  });

/** A template of the catalog as a text for an editor. */
export const templateTextQuery = (ref: string | undefined) =>
  queryOptions({
    queryKey: ['template', ref, 'text'],
    queryFn: async ({ signal }) => ((await unwrap(client.GET('/templates/text', { params: { query: { ref: ref ?? '' } }, signal }))) as { text: string }).text,
    enabled: ref !== undefined,
    retry: false,
  });

export interface DryFile {
  path: string;
  /** Null for one that is no text. */
  content: string | null;
}

export interface DryRun {
  log: { message: string; step?: string | null; status?: string | null }[];
  files: DryFile[];
  output: unknown;
  error?: string | null;
}

/** Performs a template's steps as far as they touch nothing outside. */
export const dryRun = async (text: string, values: Record<string, unknown>, secrets: Record<string, string>, files: DryFile[]) =>
  (await unwrap(client.POST('/templates/dry-run', { body: { text, values, secrets, files } }))) as DryRun;
