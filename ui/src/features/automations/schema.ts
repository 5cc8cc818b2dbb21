import type { Schema } from '~/parts/form/types';

/** Sorts of inputs by the words for them, and how Port says them. */
export const sorts: Record<string, { title: string; says: Schema }> = {
  text: { title: 'Text', says: { type: 'string' } },
  'multi-line': { title: 'Long text', says: { type: 'string', format: 'multi-line' } },
  choice: { title: 'Choice', says: { type: 'string', enum: [] } },
  number: { title: 'Number', says: { type: 'number' } },
  boolean: { title: 'Yes or no', says: { type: 'boolean' } },
  entity: { title: 'Entity', says: { type: 'string', format: 'entity' } },
  user: { title: 'Person', says: { type: 'string', format: 'user' } },
  team: { title: 'Team', says: { type: 'string', format: 'team' } },
  'date-time': { title: 'Date and time', says: { type: 'string', format: 'date-time' } },
  url: { title: 'Web address', says: { type: 'string', format: 'url' } },
  email: { title: 'E-mail address', says: { type: 'string', format: 'email' } },
  markdown: { title: 'Markdown', says: { type: 'string', format: 'markdown' } },
  yaml: { title: 'YAML', says: { type: 'string', format: 'yaml' } },
  words: { title: 'List of words', says: { type: 'array', items: { type: 'string' } } },
  object: { title: 'Object', says: { type: 'object' } },
};

const text = (title: string, more: Schema = {}): Schema => ({ type: 'string', title, ...more });
const one = (value: string, properties: Record<string, Schema>, required: string[] = []) => ({ properties: { type: { enum: [value] }, ...properties }, required });

const backEnds: Schema = {
  type: 'object',
  title: 'What it does',
  required: ['type'],
  properties: {
    type: {
      type: 'string',
      title: 'Through',
      oneOf: [
        { const: 'WEBHOOK', title: 'A webhook' },
        { const: 'GITHUB', title: 'A workflow of GitHub' },
        { const: 'GITLAB', title: 'A pipeline of GitLab' },
        { const: 'AZURE_DEVOPS', title: 'A pipeline of Azure DevOps' },
        { const: 'KAFKA', title: 'A Kafka topic' },
        { const: 'UPSERT_ENTITY', title: 'A change of the catalog' },
      ],
    },
  },
  dependencies: {
    type: {
      oneOf: [
        one('WEBHOOK', {
          url: text('Address', { description: 'It may hold {{ }}.' }),
          method: { type: 'string', title: 'Method', enum: ['POST', 'PUT', 'PATCH', 'DELETE'], default: 'POST' },
          synchronized: { type: 'boolean', title: 'The answer says how it ended' },
          body: { type: 'object', title: 'Body', description: 'Values in {{ }} are JQ over .inputs, .entity, .trigger and .run.' },
        }, ['url']),
        one('GITHUB', {
          org: text('Organization'),
          repo: text('Repository'),
          workflow: text('Workflow', { description: 'The name of its file: deploy.yml' }),
          workflowInputs: { type: 'object', title: 'Its inputs' },
          reportWorkflowStatus: { type: 'boolean', title: 'The run ends with the workflow', default: true },
        }, ['org', 'repo', 'workflow']),
        one('GITLAB', { groupName: text('Group'), projectName: text('Project'), defaultRef: text('Branch'), pipelineVariables: { type: 'object', title: 'Variables' } }, ['groupName', 'projectName']),
        one('AZURE_DEVOPS', { org: text('Organization'), webhook: text('Webhook'), payload: { type: 'object', title: 'Payload' } }, ['org', 'webhook']),
        one('KAFKA', { payload: { type: 'object', title: 'Message' } }),
        one('UPSERT_ENTITY', { blueprintIdentifier: text('Blueprint', { 'sd:blueprint': true }), mapping: { type: 'object', title: 'What the entity says', description: 'identifier, title, properties, relations. Values may hold {{ }}: {{ .entity.identifier }} is what an action is run for, {{ .event.diff.after.identifier }} what an automation was told of.' } }, ['blueprintIdentifier', 'mapping']),
      ],
    },
  },
};

const identity: Record<string, Schema> = {
  title: text('Title'),
  identifier: text('Identifier', { description: 'What programs call it. Empty: made of the title. It stays.', pattern: '^[A-Za-z0-9@_.+:=-]*$' }),
  description: text('Description', { format: 'multi-line' }),
  icon: text('Icon'),
};

/** The form of a self-service action. */
export const actionSchema = (blueprints: string[]): Schema =>
  withBlueprints(blueprints, {
    type: 'object',
    required: ['operation', 'invocationMethod'],
    properties: {
      ...identity,
      operation: { type: 'string', title: 'Kind', oneOf: [{ const: 'CREATE', title: 'Makes something new' }, { const: 'DAY-2', title: 'Changes an entity' }, { const: 'DELETE', title: 'Deletes an entity' }] },
      blueprintIdentifier: text('Blueprint', { 'sd:blueprint': true, description: 'Empty: for entities of any.' }),
      inputs: {
        type: 'array',
        title: 'Inputs',
        items: {
          type: 'object',
          title: 'Input',
          required: ['id', 'sort'],
          properties: {
            id: text('Identifier'),
            title: text('Title'),
            sort: { type: 'string', title: 'Sort', default: 'text', oneOf: [...Object.entries(sorts).map(([value, { title }]) => ({ const: value, title })), { const: 'other', title: 'As the JSON says' }] },
            required: { type: 'boolean', title: 'It has to be filled in' },
          },
          dependencies: {
            sort: {
              oneOf: [
                { properties: { sort: { enum: ['choice'] }, choices: { type: 'array', title: 'Choices', items: { type: 'string' } } } },
                { properties: { sort: { enum: ['entity'] }, blueprint: text('Blueprint', { 'sd:blueprint': true }) }, required: ['blueprint'] },
                { properties: { sort: { enum: ['number'] }, minimum: { type: 'number', title: 'Least' }, maximum: { type: 'number', title: 'Most' } } },
              ],
            },
          },
        },
      },
      invocationMethod: backEnds,
      approval: { type: 'string', title: 'Approval', default: 'none', oneOf: [{ const: 'none', title: 'Not needed' }, { const: 'ANY', title: 'One approver' }, { const: 'ALL', title: 'Every approver' }] },
    },
  });

const ofEntity = ['ENTITY_CREATED', 'ENTITY_UPDATED', 'ENTITY_DELETED', 'ANY_ENTITY_CHANGE'];

/** The form of an automation. */
export const automationSchema = (blueprints: string[]): Schema =>
  withBlueprints(blueprints, {
    type: 'object',
    required: ['event', 'invocationMethod'],
    properties: {
      ...identity,
      event: {
        type: 'object',
        title: 'When',
        required: ['type'],
        properties: {
          type: {
            type: 'string',
            title: 'Event',
            oneOf: [
              { const: 'ENTITY_CREATED', title: 'An entity is made' },
              { const: 'ENTITY_UPDATED', title: 'An entity changes' },
              { const: 'ENTITY_DELETED', title: 'An entity is deleted' },
              { const: 'ANY_ENTITY_CHANGE', title: 'Any of these' },
              { const: 'TIMER_PROPERTY_EXPIRED', title: 'A timer runs out' },
              { const: 'RUN_CREATED', title: 'An action is started' },
              { const: 'RUN_UPDATED', title: 'A run changes' },
              { const: 'ANY_RUN_CHANGE', title: 'Any change of a run' },
            ],
          },
        },
        dependencies: {
          type: {
            oneOf: [
              { properties: { type: { enum: ofEntity }, blueprintIdentifier: text('Blueprint', { 'sd:blueprint': true }) }, required: ['blueprintIdentifier'] },
              { properties: { type: { enum: ['TIMER_PROPERTY_EXPIRED'] }, blueprintIdentifier: text('Blueprint', { 'sd:blueprint': true }), propertyIdentifier: text('Timer') }, required: ['blueprintIdentifier', 'propertyIdentifier'] },
              { properties: { type: { enum: ['RUN_CREATED', 'RUN_UPDATED', 'ANY_RUN_CHANGE'] }, actionIdentifier: text('Action') }, required: ['actionIdentifier'] },
            ],
          },
        },
      },
      conditions: { type: 'array', title: 'Only if', description: 'JQ over the event, such as .diff.after.properties.tier == "gold".', items: { type: 'string' } },
      invocationMethod: backEnds,
      publish: { type: 'boolean', title: 'Switched on' },
    },
  });

/** Fields for a blueprint offer those that there are. */
function withBlueprints<Part>(blueprints: string[], part: Part): Part {
  if (Array.isArray(part)) return part.map((item: unknown) => withBlueprints(blueprints, item)) as Part;
  if (typeof part !== 'object' || part === null) return part;
  const out = Object.fromEntries(Object.entries(part).map(([key, value]) => [key, withBlueprints(blueprints, value)]));
  return ('sd:blueprint' in out ? { ...out, enum: blueprints } : out) as Part;
}
