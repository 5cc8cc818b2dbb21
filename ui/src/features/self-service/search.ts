export interface HubSearch {
  q?: string;
  /** Identifier of a blueprint, or `none` for what belongs to none. */
  blueprint?: string;
  tag?: string;
  owner?: string;
  /** Only actions, only templates, or only favourites. */
  show?: 'actions' | 'templates' | 'favourites';
}

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);

export function readHubSearch(raw: Record<string, unknown>): HubSearch {
  return {
    q: text(raw.q),
    blueprint: text(raw.blueprint),
    tag: text(raw.tag),
    owner: text(raw.owner),
    show: (['actions', 'templates', 'favourites'] as const).find((one) => one === raw.show),
  };
}

export interface FormSearch {
  /** For which entity. */
  entity?: string;
  /** Of which blueprint it is, where the action is for any. */
  blueprint?: string;
  /** Values to begin with, as a JSON object. */
  properties?: string;
  /** The step that is shown, from 1. */
  step?: number;
}

export function readFormSearch(raw: Record<string, unknown>): FormSearch {
  const step = Number(raw.step);
  return { entity: text(raw.entity), blueprint: text(raw.blueprint), properties: text(raw.properties), step: step >= 2 ? Math.floor(step) : undefined };
}

/** Values from the address; nothing where they are no object. */
export function presetOf(properties: string | undefined): Record<string, unknown> {
  if (!properties) return {};
  try {
    const values: unknown = JSON.parse(properties);
    return typeof values === 'object' && values !== null && !Array.isArray(values) ? (values as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
