export const tabs = ['overview', 'relations', 'source', 'raw'] as const;
export type Tab = (typeof tabs)[number];
export const forms = ['yaml', 'backstage', 'port'] as const;
export type Form = (typeof forms)[number];

export interface EntitySearch {
  id: string;
  tab?: Exclude<Tab, 'overview'>;
  /** Which form the raw tab shows. */
  form?: Form;
}

export function readEntitySearch(raw: Record<string, unknown>): EntitySearch {
  const tab = tabs.find((one) => one === raw.tab);
  return {
    id: typeof raw.id === 'string' ? raw.id : '',
    tab: tab === 'overview' ? undefined : tab,
    form: forms.find((one) => one === raw.form),
  };
}
