import type { FirstSteps } from '~/api/home';

/** What the server says, and whether the examples have been added. */
export type State = FirstSteps & { examples: boolean; begun: boolean };

export interface Step {
  id: 'examples' | 'files' | 'document' | 'model' | 'people';
  title: string;
  /** Said of it once it is done; by the server's state, whoever did it. */
  done: (steps: State) => string | undefined;
  /** What one must be allowed to do for it. */
  action: string;
}

const some = (n: number, text: (n: number) => string) => (n > 0 ? text(n) : undefined);

export const steps: Step[] = [
  {
    id: 'examples',
    title: 'Add examples to try it with',
    action: 'CreateAction',
    done: ({ examples, begun }) => (examples ? 'They are there.' : begun ? 'You have begun with your own.' : undefined),
  },
  {
    id: 'files',
    title: 'Point at your files',
    action: 'RegisterLocation',
    done: ({ supplying }) => some(supplying, (n) => (n === 1 ? 'One source supplies entities.' : `${n} sources supply entities.`)),
  },
  {
    id: 'document',
    title: 'Paste a catalog-info.yaml',
    action: 'HandOverDocuments',
    done: ({ entities }) => some(entities, (n) => (n === 1 ? 'There is one entity.' : `There are ${n} entities.`)),
  },
  {
    id: 'model',
    title: 'Add a blueprint of your own',
    action: 'CreateBlueprint',
    done: ({ blueprints }) => some(blueprints, (n) => (n === 1 ? 'There is one of your own.' : `There are ${n} of your own.`)),
  },
  {
    id: 'people',
    title: 'Invite people',
    action: 'CreateUser',
    done: ({ people, invited }) => some(Math.max(0, people - 1) + invited, (n) => (n === 1 ? 'One more is here or invited.' : `${n} more are here or invited.`)),
  },
];

/** Where nobody has an account, as in local mode, there is nobody to invite. */
export const stepsFor = ({ people }: Pick<FirstSteps, 'people'>): Step[] => steps.filter(({ id }) => id !== 'people' || people > 0);
