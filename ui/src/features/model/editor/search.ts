export const editorTabs = ['general', 'properties', 'relations', 'mirrors', 'calculations', 'aggregations'] as const;
export type EditorTab = (typeof editorTabs)[number];

export interface EditorSearch {
  tab?: EditorTab;
  /** On a narrow window one side is shown at a time. */
  side?: 'json';
  /** The entity whose values are shown. */
  entity?: string;
}

export function readEditorSearch(raw: Record<string, unknown>): EditorSearch {
  return {
    tab: editorTabs.find((tab) => tab === raw.tab),
    side: raw.side === 'json' ? 'json' : undefined,
    entity: typeof raw.entity === 'string' && raw.entity !== '' ? raw.entity : undefined,
  };
}
