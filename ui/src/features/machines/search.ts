/** The state of the page of service accounts. */
export interface MachinesSearch {
  create?: boolean;
  /** The one whose tokens are shown. */
  account?: string;
}

export const readMachinesSearch = (raw: Record<string, unknown>): MachinesSearch => ({
  create: raw.create === 'true' || raw.create === true ? true : undefined,
  account: typeof raw.account === 'string' ? raw.account : undefined,
});
