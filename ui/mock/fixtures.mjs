// The made-up organisation "Acme" that the mock server serves. Development only.

const str = (title, more = {}) => ({ title, type: 'string', ...more });
const rel = (title, target, many = false) => ({ title, target, required: false, many });

const shared = {
  description: str('Description', { format: 'markdown' }),
  tags: { title: 'Tags', type: 'array', items: { type: 'string' } },
  links: { title: 'Links', type: 'array', items: { type: 'object' } },
  labels: { title: 'Labels', type: 'object' },
  annotations: { title: 'Annotations', type: 'object' },
};
const owned = {
  owningGroup: rel('Owning group', 'group'),
  owningUser: rel('Owning user', 'user'),
};

export const blueprints = [
  {
    identifier: 'component', title: 'Component', icon: 'Cloud', kind: 'Component', shipped: true,
    description: 'A piece of software.',
    properties: {
      type: str('Type'), lifecycle: str('Lifecycle'), language: str('Language'), ...shared,
    },
    relations: {
      ...owned, system: rel('System', 'system'), subcomponentOf: rel('Subcomponent of', 'component'),
      dependsOnComponent: rel('Depends on components', 'component', true),
      dependsOnResource: rel('Depends on resources', 'resource', true),
      providesApis: rel('Provides APIs', 'api', true), consumesApis: rel('Consumes APIs', 'api', true),
      database: rel('Databases', 'database', true),
    },
  },
  {
    identifier: 'api', title: 'API', icon: 'Api', kind: 'API', shipped: true,
    description: 'A boundary between components.',
    properties: { type: str('Type'), lifecycle: str('Lifecycle'), definition: str('Definition'), ...shared },
    relations: { ...owned, system: rel('System', 'system') },
  },
  {
    identifier: 'resource', title: 'Resource', icon: 'Server', kind: 'Resource', shipped: true,
    description: 'Infrastructure that a component needs at run time.',
    properties: { type: str('Type'), ...shared },
    relations: { ...owned, system: rel('System', 'system') },
  },
  {
    identifier: 'system', title: 'System', icon: 'Package', kind: 'System', shipped: true,
    description: 'Components and resources that work together.',
    properties: { type: str('Type'), ...shared },
    relations: { ...owned, domain: rel('Domain', 'domain') },
  },
  {
    identifier: 'domain', title: 'Domain', icon: 'Org', kind: 'Domain', shipped: true,
    description: 'An area of the business.',
    properties: { type: str('Type'), ...shared },
    relations: { ...owned },
  },
  {
    identifier: 'group', title: 'Group', icon: 'TwoUsers', kind: 'Group', shipped: true,
    description: 'A team or a part of the organisation.',
    properties: { type: str('Type'), email: str('E-mail', { format: 'email' }), ...shared },
    relations: { parent: rel('Parent', 'group'), members: rel('Members', 'user', true) },
  },
  {
    identifier: 'user', title: 'User', icon: 'User', kind: 'User', shipped: true,
    description: 'A person.',
    properties: { email: str('E-mail', { format: 'email' }), ...shared },
    relations: { memberOf: rel('Member of', 'group', true) },
  },
  {
    identifier: 'database', title: 'Database', icon: 'DB', kind: 'Database', shipped: false,
    description: 'A database that somebody looks after.',
    properties: {
      engine: str('Engine', {
        enum: ['postgresql', 'mysql', 'redis', 'clickhouse'],
        enumColors: { postgresql: 'blue', mysql: 'orange', redis: 'red', clickhouse: 'yellow' },
      }),
      tier: str('Tier', { enum: ['gold', 'silver', 'bronze'], enumColors: { gold: 'gold', silver: 'silver', bronze: 'bronze' } }),
      version: str('Version'),
      encrypted: { title: 'Encrypted', type: 'boolean' },
      storageGb: { title: 'Storage (GB)', type: 'number' },
      dashboard: str('Dashboard', { format: 'url' }),
      lastRestoreTest: str('Last restore test', { format: 'date-time' }),
      contact: str('Contact', { format: 'email' }),
      regions: { title: 'Regions', type: 'array', items: { type: 'string', enum: ['eu-west-1', 'us-east-1'] } },
      settings: { title: 'Settings', type: 'object' },
      notes: str('Notes', { format: 'markdown' }),
    },
    required: ['engine'],
    relations: { system: rel('System', 'system'), owner: rel('Owner', 'group') },
  },
  {
    identifier: 'environment', title: 'Environment', icon: 'Environment', kind: 'Environment', shipped: false,
    description: null, properties: { region: str('Region') }, relations: {},
  },
].map((b) => ({ required: [], problems: 0, ...b }));

const teams = {
  'payments-team': ['Payments team', ['ada', 'omar', 'ines']],
  'orders-team': ['Orders team', ['lin', 'jonas', 'mei']],
  'catalog-team': ['Product catalogue team', ['noor', 'pavel']],
  'platform-team': ['Platform team', ['sam', 'yuki', 'tomas', 'ada']],
  'data-team': ['Data team', ['rosa', 'emeka']],
  'web-team': ['Web team', ['kim', 'luca', 'hana']],
};
const systems = {
  payments: ['Payments', 'money', 'payments-team'], billing: ['Billing', 'money', 'payments-team'],
  commerce: ['Commerce', 'shop', 'orders-team'], storefront: ['Storefront', 'shop', 'web-team'],
  'product-catalog': ['Product catalogue', 'shop', 'catalog-team'],
  platform: ['Developer platform', 'internal', 'platform-team'],
  analytics: ['Analytics', 'internal', 'data-team'],
};
const parts = {
  payments: ['payments-gateway', 'card-vault', 'fraud-check', 'refunds', 'payments-ledger', 'psp-adapter', 'payout-worker'],
  billing: ['invoicing', 'tax-rates', 'dunning', 'subscription-billing', 'invoice-pdf'],
  commerce: ['orders', 'cart', 'checkout', 'shipping', 'returns', 'promotions', 'order-events', 'stock-reservations'],
  storefront: ['web-shop', 'mobile-bff', 'search-ui', 'design-system', 'content-pages', 'account-pages', 'image-resizer'],
  'product-catalog': ['product-service', 'product-search', 'price-list', 'media-store', 'supplier-import'],
  platform: ['deployer', 'feature-flags', 'identity', 'notification-hub', 'audit-log', 'config-service', 'portal', 'build-cache'],
  analytics: ['event-collector', 'warehouse-loader', 'metrics-api', 'report-builder', 'ab-testing', 'sessioniser', 'churn-model', 'cohorts', 'funnels', 'data-quality', 'lineage', 'exports'],
};

const languages = ['Rust', 'Go', 'TypeScript', 'Kotlin', 'Python'];
const entities = [];
const base = Date.parse('2026-03-02T08:00:00Z');
let serial = 0;

function add(blueprint, name, title, properties, relations, team = []) {
  const own = blueprints.find((b) => b.identifier === blueprint);
  const ref = `${own.kind.toLowerCase()}:default/${name}`;
  const identifier = own.shipped ? ref : name;
  serial += 1;
  entities.push({
    identifier, title, icon: null, blueprint, ref, team, properties, relations,
    createdAt: new Date(base - serial * 7_400_000).toISOString(),
    updatedAt: new Date(base - ((serial * 7919) % 400) * 3_600_000).toISOString(),
    problems: name === 'refunds' ? 1 : 0,
  });
}

const note = { 'github.com/project-slug': 'acme/', 'backstage.io/techdocs-ref': 'dir:.' };
for (const [id, title] of [['money', 'Money'], ['shop', 'Shop'], ['internal', 'Internal tools']]) {
  add('domain', id, title, { type: 'business', description: `Everything about ${title.toLowerCase()}.` }, {
    owningGroup: ['group:default/platform-team'],
  }, ['platform-team']);
}
for (const [id, [title, members]] of Object.entries(teams)) {
  add('group', id, title, { type: 'team', email: `${id}@acme.example` }, {
    parent: ['group:default/engineering'], members: members.map((m) => `user:default/${m}`),
  });
}
add('group', 'engineering', 'Engineering', { type: 'department' }, {});
for (const name of new Set(Object.values(teams).flatMap(([, m]) => m))) {
  add('user', name, name[0].toUpperCase() + name.slice(1), { email: `${name}@acme.example` }, {
    memberOf: Object.entries(teams).filter(([, [, m]]) => m.includes(name)).map(([id]) => `group:default/${id}`),
  });
}
const definition = (name) => `openapi: 3.1.0
info:
  title: ${name}
  version: 1.4.0
servers:
  - url: https://${name}.acme.example/v1
paths:
  /${name}:
    get:
      summary: List ${name}
      responses:
        "200":
          description: A page of ${name}
    post:
      summary: Create one
      responses:
        "201":
          description: Created
  /${name}/{id}:
    get:
      summary: Read one
      parameters:
        - { name: id, in: path, required: true, schema: { type: string } }
      responses:
        "200":
          description: The thing itself
        "404":
          description: There is no such thing
`;
for (const [system, [title, domain, team]] of Object.entries(systems)) {
  add('system', system, title, { type: 'product', description: `${title}, end to end.` }, {
    owningGroup: [`group:default/${team}`], domain: [`domain:default/${domain}`],
  }, [team]);
  parts[system].forEach((name, i) => {
    const ui = /ui|web|pages|design/.test(name);
    const hasApi = !ui && i % 2 === 0;
    const previous = parts[system][i - 1];
    add('component', name, name, {
      type: ui ? 'website' : /worker|loader|import|cache/.test(name) ? 'job' : name === 'design-system' ? 'library' : 'service',
      lifecycle: i % 6 === 5 ? 'experimental' : i % 7 === 6 ? 'deprecated' : 'production',
      language: languages[(i + name.length) % 5],
      description: `Part of ${title.toLowerCase()}: ${name.replace(/-/g, ' ')}. Owned by the ${teams[team][0].toLowerCase()} and **on call** around the clock; see the [run book](https://runbooks.acme.example/${name}).`,
      tags: [ui ? 'frontend' : 'backend', i % 3 === 0 ? 'tier-1' : 'tier-2', ...(i % 4 === 0 ? ['pci'] : [])],
      annotations: { ...note, 'github.com/project-slug': `acme/${name}` },
      links: [{ url: `https://grafana.acme.example/d/${name}`, title: 'Dashboard' }, { url: 'javascript:alert(1)', title: 'Not a link' }],
      ...(name === 'orders' ? { costCentre: 'CC-118', '=danger': '=1+1' } : {}),
    }, {
      owningGroup: [`group:default/${team}`], system: [`system:default/${system}`],
      dependsOnComponent: previous ? [`component:default/${previous}`] : ['component:default/legacy-monolith'],
      dependsOnResource: i % 3 === 0 ? [`resource:default/${system}-queue`] : [],
      providesApis: hasApi ? [`api:default/${name}-api`] : [],
      consumesApis: i % 3 === 1 ? [`api:default/${parts[system][0]}-api`] : [],
      database: i % 3 === 0 && !ui ? [`${name}-db`] : [],
    }, [team]);
    if (hasApi) {
      add('api', `${name}-api`, `${name} API`, {
        type: i % 4 === 2 ? 'asyncapi' : 'openapi', lifecycle: 'production',
        description: `How to talk to ${name}.`, definition: definition(name), tags: ['rest'],
      }, { owningGroup: [`group:default/${team}`], system: [`system:default/${system}`] }, [team]);
    }
    if (i % 3 === 0 && !ui) {
      const engine = ['postgresql', 'mysql', 'redis', 'clickhouse'][(i + name.length) % 4];
      add('database', `${name}-db`, `${name} database`, {
        engine, tier: ['gold', 'silver', 'bronze'][i % 3 ? 1 : name.length % 3], version: String(12 + (name.length % 5)),
        encrypted: name.length % 4 !== 0, storageGb: 20 * name.length,
        dashboard: `https://grafana.acme.example/d/${name}-db`,
        lastRestoreTest: new Date(base - name.length * 86_400_000).toISOString(),
        contact: `${team}@acme.example`, regions: name.length % 2 ? ['eu-west-1'] : ['eu-west-1', 'us-east-1'],
        settings: { max_connections: 200, ssl: true }, notes: `# ${name}\n\nRestore with \`restore ${name}\`.`,
      }, { system: [`system:default/${system}`], owner: [`group:default/${team}`] }, [team]);
    }
  });
  add('resource', `${system}-queue`, `${system} queue`, { type: 'queue' }, {
    owningGroup: [`group:default/platform-team`], system: [`system:default/${system}`],
  }, ['platform-team']);
}

export { entities };

export const sources = [
  {
    id: 'file:/etc/stagedoor/catalog/*.yaml', type: 'file', target: '/etc/stagedoor/catalog/*.yaml', state: 'fresh',
    lastRun: new Date(base).toISOString(), entities: entities.length - 14, conflicts: [],
    problems: [
      { level: 'error', file: '/etc/stagedoor/catalog/payments.yaml', line: 88, ref: 'component:default/refunds', message: 'spec.lifecycle is missing; a Component needs it' },
      { level: 'warning', file: '/etc/stagedoor/catalog/commerce.yaml', line: 14, ref: null, message: 'kind "Dashboard" has no blueprint; the document is ignored' },
    ],
  },
  {
    id: 'url:https://git.acme.example/web/catalog-info.yaml', type: 'url', target: 'https://git.acme.example/web/catalog-info.yaml', state: 'stale',
    lastRun: new Date(base - 7_200_000).toISOString(), entities: 9,
    problems: [{ level: 'error', file: 'https://git.acme.example/web/catalog-info.yaml', line: null, ref: null, message: 'connection refused (3 attempts, the last at 06:00)' }],
    conflicts: [],
  },
  {
    id: 'file:/srv/org/people.yaml', type: 'file', target: '/srv/org/people.yaml', state: 'held',
    lastRun: new Date(base - 600_000).toISOString(), entities: 24,
    problems: [{ level: 'error', file: '/srv/org/people.yaml', line: null, ref: null, message: '13 of 24 entities would go away; held until someone confirms' }],
    conflicts: [{ ref: 'group:default/web-team', holder: 'file:/etc/stagedoor/catalog/org.yaml', claimer: 'file:/srv/org/people.yaml' }],
  },
  {
    id: 'file:/srv/old/catalog-info.yaml', type: 'file', target: '/srv/old/catalog-info.yaml', state: 'gone', lastRun: null, entities: 5, problems: [], conflicts: [],
  },
];
