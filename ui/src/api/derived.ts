import type { Blueprint, Derivation, Model, PropertyDefinition } from './types';

interface DerivedProperty extends Omit<PropertyDefinition, 'derived'> {
  kind: Derivation['kind'];
  from: string;
}

/** A blueprint as the server sends it. */
export type SentBlueprint = Blueprint & {
  derived?: Record<string, DerivedProperty>;
  problems?: { property: string; message: string }[];
};

/** Puts derived properties after the stored ones: pages show both alike, and say of the former where they come from. */
export function withDerived(model: Omit<Model, 'blueprints'> & { blueprints: SentBlueprint[] }): Model {
  return { ...model, blueprints: model.blueprints.map(readBlueprint) };
}

function readBlueprint({ derived = {}, problems = [], ...blueprint }: SentBlueprint): Blueprint {
  const properties = { ...blueprint.properties };
  for (const [key, { kind, from, ...rest }] of Object.entries(derived)) {
    const problem = problems.find(({ property }) => property === key)?.message;
    // the API writes null where there is nothing
    const definition = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== null));
    properties[key] = { ...definition, derived: { kind, from, problem } };
  }
  return { ...blueprint, properties };
}
