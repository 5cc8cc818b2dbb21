import { queryOptions } from '@tanstack/react-query';
import { backstage, unwrap } from './client';

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
      (await unwrap(backstage.GET('/api/scaffolder/v2/templates/{namespace}/{kind}/{name}/parameter-schema' as never, { params: { path: partsOf(ref) }, signal } as never))) as ParameterSchema,
    retry: false,
  });

/** Starts a task and tells its id. */
export async function startTemplate(templateRef: string, values: Record<string, unknown>, secrets: Record<string, string>): Promise<string> {
  const body = { templateRef, values, secrets: Object.keys(secrets).length > 0 ? secrets : undefined };
  return ((await unwrap(backstage.POST('/api/scaffolder/v2/tasks' as never, { body } as never))) as { id: string }).id;
}
