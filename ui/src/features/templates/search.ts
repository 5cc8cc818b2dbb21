export interface TemplateSearch {
  /** A template of the catalog to begin with. */
  ref?: string;
  tab?: 'form' | 'try';
}

export function readTemplateSearch(raw: Record<string, unknown>): TemplateSearch {
  return { ref: typeof raw.ref === 'string' && raw.ref !== '' ? raw.ref : undefined, tab: raw.tab === 'try' ? 'try' : undefined };
}
