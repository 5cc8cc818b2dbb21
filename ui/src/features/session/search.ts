export interface SignInSearch {
  /** Where to go afterwards. */
  to?: string;
}

export const readSignInSearch = (raw: Record<string, unknown>): SignInSearch => ({
  to: typeof raw.to === 'string' ? raw.to : undefined,
});
