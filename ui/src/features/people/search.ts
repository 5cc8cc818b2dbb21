/** The state of the list of people, all of it in the address. */
export interface PeopleSearch {
  q?: string;
  role?: string;
  status?: string;
  team?: string;
  /** The window for an invitation is open. */
  invite?: boolean;
}

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);

export const readPeopleSearch = (raw: Record<string, unknown>): PeopleSearch => ({
  q: text(raw.q),
  role: text(raw.role),
  status: text(raw.status),
  team: text(raw.team),
  invite: raw.invite === 'true' || raw.invite === true ? true : undefined,
});

export interface PersonSearch {
  id: string;
}

export const readPersonSearch = (raw: Record<string, unknown>): PersonSearch => ({ id: text(raw.id) ?? '' });
