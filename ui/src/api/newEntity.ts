import { port, unwrap } from './client';

/** Makes an entity; with `only`, says whether it would be made. */
export async function createEntity(blueprint: string, body: Record<string, unknown>, only: boolean): Promise<{ identifier: string }> {
  const params = { path: { blueprint }, query: only ? { validation_only: true } : {} };
  const answer = (await unwrap(port.POST('/blueprints/{blueprint}/entities', { params, body }))) as { entity?: { identifier: string } };
  return { identifier: answer.entity?.identifier ?? String(body.identifier ?? '') };
}
