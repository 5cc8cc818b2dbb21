import { describe, expect, it } from 'vitest';
import { fresh, fromForm, toForm } from './definition';

const scale = {
  identifier: 'scale',
  trigger: {
    type: 'self-service',
    operation: 'DAY-2',
    blueprintIdentifier: 'service',
    condition: { type: 'SEARCH', rules: [], combinator: 'and' },
    userInputs: {
      properties: {
        replicas: { type: 'number', minimum: 1, maximum: 20, visible: { jqQuery: 'true' } },
        size: { type: 'string', enum: ['s', 'm'] },
        cluster: { type: 'string', format: 'entity', blueprint: 'cluster', dataset: { combinator: 'and', rules: [] } },
      },
      required: ['replicas'],
      order: ['size', 'replicas', 'cluster'],
    },
  },
  invocationMethod: { type: 'WEBHOOK', url: 'https://example.com', agent: false },
  requiredApproval: { type: 'ANY' },
};

describe('an action in its form', () => {
  it('comes back as it was', () => {
    expect(fromForm(scale, toForm(scale))).toEqual(scale);
    expect(fromForm(fresh.automation, toForm(fresh.automation))).toMatchObject({ trigger: { type: 'automation' }, publish: false });
  });

  it('keeps what the form does not know, and changes what it does', () => {
    const form = toForm(scale);
    const inputs = (form.inputs as Record<string, unknown>[]).map((input) => (input.id === 'size' ? { ...input, sort: 'boolean' } : input));
    const changed = fromForm(scale, { ...form, approval: 'none', inputs: [...inputs, { id: 'note', sort: 'text' }] });
    expect(changed).not.toHaveProperty('requiredApproval');
    expect(changed.trigger).toMatchObject({
      condition: scale.trigger.condition,
      userInputs: { order: ['size', 'replicas', 'cluster', 'note'], properties: { size: { type: 'boolean' }, note: { type: 'string' }, replicas: { visible: { jqQuery: 'true' } } } },
    });
  });
});
