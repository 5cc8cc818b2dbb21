// A fake GitHub Enterprise Server on loopback, for an organization `acme`. It follows docs.github.com: GraphQL
// (`repositoryOwner`, `RepositoryConnection`), REST (repository contents), and the push event of webhooks.
import { createHash, createHmac } from 'node:crypto';
import { answers, bodyOf, site } from './sites.mjs';

const API = '/api/v3/repos/acme/';

export class FakeGitHub {
  /** Repositories: name to the text of catalog-info.yaml, null where there is none. */
  repositories = new Map();
  token = 'ghp_faults';
  secret = 'a secret for deliveries';
  /** An answer for the next questions of GraphQL: (page number, response) => whether it has answered. */
  listing = null;
  /** Answers instead of files: repository to answer. */
  files = new Map();

  static async start(t) {
    const fake = new FakeGitHub();
    const routes = new Proxy({}, { get: (_, route) => (request, response) => fake.#answer(route, request, response) });
    const { host, url } = await site(t, routes);
    return Object.assign(fake, { host, url });
  }

  /** The configuration that reads it. */
  get config() {
    return `integrations:
  github:
    - { host: '${this.host}', apiBaseUrl: '${this.url}/api/v3', token: ${this.token} }
events:
  modules: { github: { webhookSecret: ${this.secret} } }
catalog:
  rules:
    - allow: [Component, Location]
  providers:
    github:
      acme:
        host: '${this.host}'
        organization: acme
        pageSizes: { repositories: 10 }
        schedule: { frequency: { minutes: 30 }, timeout: { minutes: 3 } }
`;
  }

  async #answer(route, request, response) {
    if (request.headers.authorization !== `Bearer ${this.token}` && request.headers.authorization !== `token ${this.token}`) {
      return answers.status(401)(request, response);
    }
    if (route === '/api/graphql') return this.page(request, response);
    const [name, , ...file] = route.startsWith(API) ? route.slice(API.length).split('/') : [];
    const instead = this.files.get(name);
    if (instead) return instead(request, response);
    const text = file.join('/') === 'catalog-info.yaml' ? this.repositories.get(name) : null;
    if (text == null) return answers.status(404)(request, response);
    const etag = `"${createHash('sha256').update(text).digest('hex')}"`;
    if (request.headers['if-none-match'] === etag) return response.writeHead(304, { etag }).end();
    return answers.text(text, { etag, 'content-type': 'application/vnd.github.v3.raw; charset=utf-8' })(request, response);
  }

  /** One page of the list; `spoil` may change it, and answers the errors that stand beside it. */
  async page(request, response, spoil) {
    request.question ??= JSON.parse(await bodyOf(request));
    const { variables } = request.question;
    const from = Number(variables.cursor ?? 0);
    if (this.listing?.(from / variables.first, response, request)) return;
    const all = [...this.repositories.keys()];
    const nodes = all.slice(from, from + variables.first).map((name) => ({
      name,
      url: `${this.url}/acme/${name}`,
      isArchived: false,
      isFork: false,
      visibility: 'PRIVATE',
      defaultBranchRef: { name: 'main' },
      repositoryTopics: { nodes: [] },
    }));
    const end = from + nodes.length;
    const pageInfo = { hasNextPage: end < all.length, endCursor: String(end) };
    const repositoryOwner = { repositories: { pageInfo, nodes } };
    const errors = spoil?.(repositoryOwner);
    answers.json({ data: { repositoryOwner }, errors })(request, response);
  }

  /** A push to the main branch, delivered to a portal. */
  async push(portal, name, { secret = this.secret, ...files } = {}) {
    const commit = { added: [], removed: [], modified: ['catalog-info.yaml'], ...files };
    const repository = { name, full_name: `acme/${name}`, html_url: `${this.url}/acme/${name}`, default_branch: 'main' };
    const body = JSON.stringify({ ref: 'refs/heads/main', after: String(Math.random()), commits: [commit], repository });
    const signature = createHmac('sha256', secret).update(body).digest('hex');
    const headers = {
      'content-type': 'application/json',
      'x-github-event': 'push',
      'x-hub-signature-256': `sha256=${signature}`,
    };
    return fetch(`${portal.url}/api/events/http/github`, { method: 'POST', headers, body });
  }
}
