/** The state of the list of teams. */
export interface TeamsSearch {
  q?: string;
  create?: boolean;
}

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);

export const readTeamsSearch = (raw: Record<string, unknown>): TeamsSearch => ({
  q: text(raw.q),
  create: raw.create === 'true' || raw.create === true ? true : undefined,
});

export const readTeamSearch = (raw: Record<string, unknown>): { id: string } => ({ id: text(raw.id) ?? '' });
