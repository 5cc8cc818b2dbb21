import type { Definition } from '~/api/definitions';
import type { ScorecardDefinition } from '~/api/scorecards';

/** What the examples are about: a blueprint that every portal has. */
export const blueprint = 'component';

/** By this what belongs to the examples is told from what somebody has added. */
export const mark = 'Belongs to the examples.';

const note = 'An example, which only writes into the catalog.';
const services = { type: 'SEARCH', combinator: 'and', rules: [{ property: 'type', operator: '=', value: 'service' }] };

/** Properties that the examples need. */
export const properties: Record<string, Record<string, unknown>> = {
  replicas: { type: 'number', title: 'Replicas', description: mark },
  on_call: { type: 'string', title: 'On call', description: mark },
  public: { type: 'boolean', title: 'Reachable from outside', description: mark },
  size: { type: 'string', title: 'Size', description: mark, enum: ['small', 'medium', 'large'], enumColors: { small: 'lightGray', medium: 'blue', large: 'purple' } },
};

/** Writes properties of the entity that an action is run for. */
const write = (values: Record<string, string>) => ({
  type: 'UPSERT_ENTITY',
  blueprintIdentifier: blueprint,
  mapping: { identifier: '{{ .entity.identifier }}', properties: values },
});

const forServices = (userInputs: Record<string, unknown>) => ({ type: 'self-service', operation: 'DAY-2', blueprintIdentifier: blueprint, condition: services, userInputs });

const size = '(if .diff.after.properties.replicas > 8 then "large" elif .diff.after.properties.replicas > 2 then "medium" else "small" end)';

/** Actions and an automation that need nothing outside. */
export const actions: Definition[] = [
  {
    identifier: 'example_scale_service',
    title: 'Scale a service',
    description: `How many copies of a service run. ${note}`,
    icon: 'Server',
    trigger: forServices({ properties: { replicas: { type: 'number', title: 'Replicas', minimum: 1, maximum: 20, default: { jqQuery: '.entity.properties.replicas // 1' } } }, required: ['replicas'] }),
    invocationMethod: write({ replicas: '{{ .inputs.replicas }}' }),
  },
  {
    identifier: 'example_set_on_call',
    title: 'Say who is on call',
    description: `The person or the rotation that looks after a service. ${note}`,
    icon: 'TwoUsers',
    trigger: forServices({ properties: { who: { type: 'string', title: 'Who is on call', minLength: 1 } }, required: ['who'] }),
    invocationMethod: write({ on_call: '{{ .inputs.who }}' }),
  },
  {
    identifier: 'example_open_service',
    title: 'Open a service to the outside',
    description: `It has to be approved before it runs; here you may approve your own. ${note}`,
    icon: 'Lock',
    trigger: forServices({ properties: { reason: { type: 'string', title: 'Why', format: 'multi-line' } }, required: ['reason'] }),
    requiredApproval: true,
    invocationMethod: write({ public: '{{ true }}' }),
  },
  {
    identifier: 'example_keep_size',
    title: 'Keep the size of a service',
    description: `Runs by itself when a component changes, and says whether it is small, medium or large. ${note}`,
    icon: 'Bolt',
    trigger: {
      type: 'automation',
      event: { type: 'ANY_ENTITY_CHANGE', blueprintIdentifier: blueprint },
      condition: { type: 'JQ', combinator: 'and', expressions: ['.diff.after.properties.replicas != null', `.diff.after.properties.size != ${size}`] },
    },
    invocationMethod: {
      type: 'UPSERT_ENTITY',
      blueprintIdentifier: blueprint,
      mapping: { identifier: '{{ .event.diff.after.identifier }}', properties: { size: `{{ .event | ${size} }}` } },
    },
    publish: true,
  },
];

/** Rules whose failures are mended by the actions above. */
export const scorecard: ScorecardDefinition = {
  identifier: 'example_running_well',
  title: 'Running well',
  levels: [
    { title: 'Basic', color: 'paleBlue' },
    { title: 'Bronze', color: 'bronze' },
    { title: 'Silver', color: 'silver' },
    { title: 'Gold', color: 'gold' },
  ],
  filter: { combinator: 'and', conditions: [{ property: 'type', operator: '=', value: 'service' }] },
  rules: [
    {
      identifier: 'described',
      title: 'Says what it is for',
      level: 'Bronze',
      query: { combinator: 'and', conditions: [{ property: 'description', operator: 'isNotEmpty' }] },
      fix: { text: 'Add a description to its catalog file.' },
    },
    {
      identifier: 'on_call',
      title: 'Has somebody on call',
      level: 'Silver',
      query: { combinator: 'and', conditions: [{ property: 'on_call', operator: 'isNotEmpty' }] },
      fix: { text: 'Say who looks after it.', action: 'example_set_on_call' },
    },
    {
      identifier: 'replicas',
      title: 'Runs more than once',
      level: 'Gold',
      query: { combinator: 'and', conditions: [{ property: 'replicas', operator: '>=', value: 2 }] },
      fix: { text: 'One copy alone is gone when its machine is.', action: 'example_scale_service' },
    },
  ],
};

/** Scorecards that come with the portal, installed with the examples. */
export const starters = ['production_readiness', 'ownership'];

/** A template that needs no code host; installed where the catalog has none. */
export const templateName = 'example-service';
export const template = `apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata:
  name: ${templateName}
  title: New service
  description: Describes a service and adds it to the catalog. An example; one of yours would make a repository, too.
  tags: [recommended]
spec:
  type: service
  owner: example-shop
  parameters:
    - title: The service
      required: [name, description, owner]
      properties:
        name:
          type: string
          title: Name
          description: Lower-case letters, digits and hyphens
          pattern: '^[a-z][a-z0-9-]*[a-z0-9]$'
          ui:field: EntityNamePicker
        description:
          type: string
          title: What it is for
        owner:
          type: string
          title: Owner
          ui:field: OwnerPicker
  steps:
    - id: say
      name: Say what will be made
      action: debug:log
      input:
        message: Describing \${{ parameters.name }}
    - id: write
      name: Write the catalog file
      action: catalog:write
      input:
        entity:
          apiVersion: backstage.io/v1alpha1
          kind: Component
          metadata:
            name: \${{ parameters.name }}
            description: \${{ parameters.description }}
          spec:
            type: service
            lifecycle: experimental
            owner: \${{ parameters.owner }}
    - id: apply
      name: Add it to the catalog
      action: catalog:apply
  output:
    links:
      - title: Open in the catalog
        icon: catalog
        entityRef: \${{ steps.apply.output.entityRef }}
`;

const component = (name: string, title: string, description: string, owner: string, lifecycle: string) =>
  `apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: ${name}\n  title: ${title}\n  description: ${description}\nspec:\n  type: service\n  lifecycle: ${lifecycle}\n  owner: ${owner}\n`;
const group = (name: string, title: string) => `apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata:\n  name: ${name}\n  title: ${title}\nspec:\n  type: team\n  children: []\n`;

interface Example {
  kind: string;
  name: string;
  document: string;
}

/** Who owns them. */
export const groups: Example[] = [
  { kind: 'group', name: 'example-shop', document: group('example-shop', 'Shop (example)') },
  { kind: 'group', name: 'example-warehouse', document: group('example-warehouse', 'Warehouse (example)') },
];

/** What is there to look at where the catalog has no component yet. */
export const components: Example[] = [
  { kind: 'component', name: 'example-cart', document: component('example-cart', 'Cart (example)', 'What somebody is about to buy', 'example-shop', 'production') },
  { kind: 'component', name: 'example-checkout', document: component('example-checkout', 'Checkout (example)', 'Takes the money', 'example-shop', 'production') },
  { kind: 'component', name: 'example-search', document: component('example-search', 'Search (example)', 'Finds products', 'example-shop', 'experimental') },
  { kind: 'component', name: 'example-stock', document: component('example-stock', 'Stock (example)', 'How much there is of what', 'example-warehouse', 'production') },
  { kind: 'component', name: 'example-shipping', document: component('example-shipping', 'Shipping (example)', 'Packs and sends', 'example-warehouse', 'production') },
];

/** Actions that somebody may approve for himself: whoever tries them is often alone. */
export const ownApprovals = ['example_open_service'];

/** Runs that the examples begin with: services in the order of their titles. */
export const firstRuns: { action: string; properties: Record<string, unknown> }[][] = [
  [
    { action: 'example_scale_service', properties: { replicas: 3 } },
    { action: 'example_set_on_call', properties: { who: 'The shop’s rotation' } },
  ],
  [{ action: 'example_scale_service', properties: { replicas: 1 } }],
  [
    { action: 'example_scale_service', properties: { replicas: 12 } },
    { action: 'example_set_on_call', properties: { who: 'The night shift' } },
  ],
  [{ action: 'example_set_on_call', properties: { who: 'The shop’s rotation' } }],
];
