type Map = Record<string, unknown>;

/** A blueprint out of a template, as far as that is needed here. */
export interface TemplateBody {
  identifier?: unknown;
  relations?: unknown;
  mirrorProperties?: unknown;
  aggregationProperties?: unknown;
}

const mapOf = (value: unknown): Record<string, Map> => (typeof value === 'object' && value !== null ? (value as Record<string, Map>) : {});
const kept = (all: Record<string, Map>, keep: (one: Map, key: string) => boolean) => Object.fromEntries(Object.entries(all).filter(([key, one]) => keep(one, key)));

/**
 * Templates that are to be made together, without what leads to blueprints that there are not: relations, mirrors through
 * them, and aggregations over them.
 */
export function fitted<Body extends TemplateBody>(chosen: Body[], existing: string[]): Body[] {
  const known = new Set([...existing, ...chosen.map(({ identifier }) => String(identifier))]);
  const related = chosen.map((body) => ({ ...body, relations: kept(mapOf(body.relations), ({ target }) => known.has(String(target))) }));
  return related.map((body) => {
    const mirrors = kept(mapOf(body.mirrorProperties), ({ path }) => String(path).split('.')[0]! in body.relations);
    const aggregations = kept(mapOf(body.aggregationProperties), ({ target }) => known.has(String(target)));
    return { ...body, mirrorProperties: mirrors, aggregationProperties: aggregations };
  });
}

/** Where the relations of a template lead among blueprints that there are or will be. */
export function leadsTo(body: TemplateBody, known: Set<string>): string[] {
  const targets = Object.values(mapOf(body.relations)).map(({ target }) => String(target));
  return [...new Set(targets)].filter((target) => known.has(target) && target !== body.identifier);
}
