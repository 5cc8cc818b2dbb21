import type { Path } from '~/api/entity';
import type { Blueprint } from '~/api/types';
import { words } from '~/lib/text';

/** `system` to what a relation leads to, `component system` back to the components whose relation it is. */
export type Step = string;

/** How the address writes a path: steps with slashes, which no key has. */
export const textOf = (steps: Step[]) => steps.join('/');

/** What the server is asked for. */
export function pathOf(text: string): Path {
  return text.startsWith('type:') ? { type: text.slice(5) } : { step: text.split('/') };
}

type Named = Pick<Blueprint, 'identifier' | 'title' | 'relations'>;

/** "System › Component · System". */
export function nameOfPath(text: string, blueprints: Named[]): string {
  if (text.startsWith('type:')) return words(text.slice(5));
  return text.split('/').map((step) => nameOfStep(step, blueprints)).join(' › ');
}

export function nameOfStep(step: Step, blueprints: Named[]): string {
  const [first = '', relation] = step.split(' ');
  if (relation === undefined) return titleOf(first, blueprints);
  const from = blueprints.find(({ identifier }) => identifier === first);
  return `${from?.title ?? first} · ${from?.relations[relation]?.title || words(relation)}`;
}

function titleOf(key: string, blueprints: Named[]): string {
  return blueprints.map(({ relations }) => relations[key]?.title).find(Boolean) || words(key);
}

export interface StepChoice {
  step: Step;
  title: string;
  /** Blueprint of its ends. */
  to: string;
  back: boolean;
}

/** The steps that there are from a blueprint. */
export function stepsFrom(blueprint: string, blueprints: Named[]): StepChoice[] {
  const own = blueprints.find(({ identifier }) => identifier === blueprint);
  const out = Object.entries(own?.relations ?? {}).map(([key, { target, title }]) => ({ step: key, title: title || words(key), to: target, back: false }));
  const into = blueprints.flatMap((from) =>
    Object.entries(from.relations)
      .filter(([, { target }]) => target === blueprint)
      .map(([key]) => ({ step: `${from.identifier} ${key}`, title: nameOfStep(`${from.identifier} ${key}`, blueprints), to: from.identifier, back: true })),
  );
  return [...out, ...into];
}
