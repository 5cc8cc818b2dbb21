/** The window for a new secret is open. */
export const readSecretsSearch = (raw: Record<string, unknown>): { create?: boolean } => ({
  create: raw.create === 'true' || raw.create === true ? true : undefined,
});
