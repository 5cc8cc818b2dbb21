import { describe, expect, it } from 'vitest';
import { nameOfPath, pathOf, stepsFrom, textOf } from './paths';

const relation = (target: string, title?: string) => ({ target, title, many: false, required: false });
const model = [
  { identifier: 'component', title: 'Component', relations: { system: relation('system'), dependsOn: relation('component', 'Depends on') } },
  { identifier: 'system', title: 'System', relations: { owningGroup: relation('group') } },
] as unknown as Parameters<typeof stepsFrom>[1];

describe('paths', () => {
  it('are written in the address and read from it', () => {
    const text = textOf(['system', 'component system']);
    expect(text).toBe('system/component system');
    expect(pathOf(text)).toEqual({ step: ['system', 'component system'] });
    expect(pathOf('type:dependsOn')).toEqual({ type: 'dependsOn' });
    expect(nameOfPath(text, model)).toBe('System › Component · System');
  });

  it('go on in both directions', () => {
    expect(stepsFrom('component', model).map(({ step, to }) => `${step} > ${to}`)).toEqual([
      'system > system',
      'dependsOn > component',
      'component dependsOn > component',
    ]);
    expect(stepsFrom('group', model).map(({ step }) => step)).toEqual(['system owningGroup']);
  });
});
