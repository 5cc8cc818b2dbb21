import type { Definition } from '~/api/definitions';
import { isObject, type Schema, type Values } from '~/parts/form/types';
import { sorts } from './schema';

export const isAutomation = (definition: Definition) => isObject(definition.trigger) && definition.trigger.type === 'automation';

export const fresh: Record<'action' | 'automation', Definition> = {
  action: {
    identifier: '',
    title: '',
    trigger: { type: 'self-service', operation: 'CREATE', userInputs: { properties: {}, required: [], order: [] } },
    invocationMethod: { type: 'WEBHOOK', url: '', method: 'POST', body: { inputs: '{{ .inputs }}', run: '{{ .run.id }}' } },
  },
  automation: {
    identifier: '',
    title: '',
    trigger: { type: 'automation', event: { type: 'ENTITY_UPDATED', blueprintIdentifier: '' }, condition: { type: 'JQ', expressions: [], combinator: 'and' } },
    invocationMethod: { type: 'WEBHOOK', url: '', method: 'POST', body: { event: '{{ .event }}' } },
    publish: false,
  },
};

const object = (value: unknown): Values => (isObject(value) ? value : {});
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** What the form shows of a definition. */
export function toForm(definition: Definition): Values {
  const { identifier, title, description, icon, invocationMethod, publish } = definition;
  const trigger = object(definition.trigger);
  const common = { identifier, title, description, icon, invocationMethod };
  if (isAutomation(definition)) return { ...common, event: trigger.event, conditions: list(object(trigger.condition).expressions), publish: publish !== false };
  const { requiredApproval } = definition;
  const approval = isObject(requiredApproval) ? requiredApproval.type : requiredApproval === true ? 'ANY' : 'none';
  return { ...common, operation: trigger.operation, blueprintIdentifier: trigger.blueprintIdentifier, inputs: inputsOf(object(trigger.userInputs)), approval };
}

function inputsOf(userInputs: Values): Values[] {
  const properties = object(userInputs.properties);
  const required = list(userInputs.required);
  const order = list(userInputs.order).map(String).filter((id) => id in properties);
  return [...order, ...Object.keys(properties).filter((id) => !order.includes(id))].map((id) => {
    const input = object(properties[id]);
    return { id, title: input.title, sort: sortOf(input), required: required.includes(id), choices: input.enum, blueprint: input.blueprint, minimum: input.minimum, maximum: input.maximum };
  });
}

function sortOf(input: Values): string {
  if (Array.isArray(input.enum) && input.type === 'string') return 'choice';
  const found = Object.entries(sorts).find(([, { says }]) => says.type === input.type && says.format === input.format && !says.enum && (says.type !== 'array' || object(input.items).type === 'string'));
  return found && !(input.type === 'string' && input.enum !== undefined) ? found[0] : 'other';
}

/** The definition with what the form says; what the form does not know stays as it was. */
export function fromForm(definition: Definition, form: Values): Definition {
  const trigger = object(definition.trigger);
  const out: Definition = { ...definition };
  for (const key of ['identifier', 'title', 'description', 'icon', 'invocationMethod']) put(out, key, form[key]);
  if (isAutomation(definition)) {
    const condition = { type: 'JQ', combinator: 'and', ...object(trigger.condition), expressions: list(form.conditions) };
    return { ...out, trigger: { ...trigger, event: form.event, condition }, publish: form.publish === true };
  }
  const next: Values = { ...trigger, userInputs: userInputsOf(object(trigger.userInputs), list(form.inputs).filter(isObject)) };
  put(next, 'operation', form.operation);
  put(next, 'blueprintIdentifier', form.blueprintIdentifier);
  out.trigger = next;
  if (form.approval === 'none' || form.approval === undefined) delete out.requiredApproval;
  else out.requiredApproval = { type: form.approval };
  return out;
}

function userInputsOf(old: Values, inputs: Values[]): Values {
  const known = object(old.properties);
  const named = inputs.filter(({ id }) => typeof id === 'string' && id !== '');
  const properties = Object.fromEntries(named.map((input) => [String(input.id), inputOf(object(known[String(input.id)]), input)]));
  const out: Values = { ...old, properties };
  // steps say the order themselves, and a program says what is required
  if (!Array.isArray(old.steps)) out.order = [...named.map(({ id }) => id), ...list(old.order).filter((id) => isObject(old.titles) && String(id) in old.titles)];
  if (!isObject(old.required)) out.required = named.filter(({ required }) => required === true).map(({ id }) => id);
  return out;
}

function inputOf(old: Values, input: Values): Values {
  const sort = sorts[String(input.sort)];
  const out: Values = sort && sortOf(old) !== input.sort ? { ...(sort.says as Schema) } : { ...old };
  put(out, 'title', input.title);
  if (input.sort === 'choice') out.enum = list(input.choices);
  if (input.sort === 'entity') put(out, 'blueprint', input.blueprint);
  if (input.sort === 'number') {
    put(out, 'minimum', input.minimum);
    put(out, 'maximum', input.maximum);
  }
  return out;
}

function put(target: Values, key: string, value: unknown): void {
  if (value === undefined || value === null || value === '') delete target[key];
  else target[key] = value;
}
