import { describe, expect, it } from 'vitest';
import { cleaned, effective, ordered, withDefaults } from './effective';
import { filterOf, fullRef } from './references';
import { pagesOf } from './port';
import { readRepo, repoParts, writeRepo } from './repo';
import type { Schema } from './types';
import { validate } from './validate';

const service: Schema = {
  type: 'object',
  required: ['name'],
  'ui:order': ['name', '*', 'note'],
  properties: {
    note: { type: 'string' },
    name: { type: 'string', minLength: 3, pattern: '^[a-z-]+$' },
    replicas: { type: 'number', minimum: 1, maximum: 20, default: 2 },
    public: { type: 'boolean' },
  },
  dependencies: { public: { oneOf: [{ properties: { public: { const: true }, host: { type: 'string', format: 'url' } }, required: ['host'] }, { properties: { public: { const: false } } }] } },
};

describe('what a schema asks for', () => {
  it('orders its fields', () => {
    expect(ordered(service)).toEqual(['name', 'replicas', 'public', 'note']);
  });

  it('asks for more as values come', () => {
    expect(Object.keys(effective(service, {}).properties ?? {})).not.toContain('host');
    const open = effective(service, { public: true });
    expect(open.properties?.host).toBeDefined();
    expect(open.required).toEqual(['name', 'host']);
    expect(effective(service, { public: false }).properties?.host).toBeUndefined();
  });

  it('follows if, then and else, and references', () => {
    const schema: Schema = {
      properties: { kind: { type: 'string' }, port: { $ref: '#/definitions/port' } },
      definitions: { port: { type: 'integer', maximum: 65_535 } },
      if: { properties: { kind: { const: 'web' } }, required: ['kind'] },
      then: { required: ['port'] },
      else: { properties: { queue: { type: 'string' } } },
    };
    expect(effective(schema, { kind: 'web' }).required).toEqual(['port']);
    expect(effective(schema, { kind: 'job' }).properties?.queue).toBeDefined();
    expect(validate(schema, { kind: 'web', port: 70_000 })).toEqual({ '/port': 'At most 65535.' });
  });

  it('lets one choose between alternatives, and keeps the words of what is chosen by', () => {
    const schema: Schema = { oneOf: [{ properties: { kind: { const: 'web' }, port: { type: 'number' } } }, { properties: { kind: { const: 'job' }, cron: { type: 'string' } } }] };
    expect(effective(schema, {}).properties?.kind?.enum).toEqual(['web', 'job']);
    expect(Object.keys(effective(schema, { kind: 'job' }).properties ?? {})).toEqual(['kind', 'cron']);
    expect(validate(schema, { kind: 'job', cron: 'x' })).toEqual({});
    const named: Schema = { properties: { sort: { oneOf: [{ const: 'a', title: 'An A' }] } }, dependencies: { sort: { oneOf: [{ properties: { sort: { enum: ['a'] }, more: {} } }] } } };
    expect(effective(named, { sort: 'a' }).properties).toEqual({ sort: { oneOf: [{ const: 'a', title: 'An A' }] }, more: {} });
  });

  it('ends where definitions refer to themselves', () => {
    const schema: Schema = { properties: { tree: { $ref: '#/definitions/node' } }, definitions: { node: { properties: { child: { $ref: '#/definitions/node' } } } } };
    expect(() => withDefaults(schema, { tree: { child: { child: {} } } })).not.toThrow();
    expect(() => validate(schema, { tree: {} })).not.toThrow();
  });

  it('fills in defaults, and leaves out what was taken out', () => {
    expect(withDefaults(service, {})).toEqual({ replicas: 2 });
    expect(withDefaults(service, { replicas: null })).toEqual({ replicas: null });
    expect(cleaned(service, { name: 'a', replicas: null, note: '', public: false, host: 'https://a' })).toEqual({ name: 'a', public: false });
  });
});

describe('what is wrong', () => {
  it('is said in words at its place', () => {
    expect(validate(service, {})).toEqual({ '/name': 'This has to be filled in.' });
    expect(validate(service, { name: 'ab', replicas: 40 })).toEqual({ '/name': 'At least 3 characters.', '/replicas': 'At most 20.' });
    expect(validate(service, { name: 'abc', public: true, host: 'example' })).toEqual({ '/host': 'A web address, with https:// in front.' });
  });

  it('is not a pattern that no browser reads', () => {
    expect(validate({ properties: { a: { type: 'string', pattern: '(?<' } } }, { a: 'x' })).toEqual({});
  });

  it('is what a field of Backstage asks for', () => {
    const schema: Schema = { properties: { name: { type: 'string', 'ui:field': 'EntityNamePicker' }, repo: { type: 'string', 'ui:field': 'RepoUrlPicker' } } };
    expect(Object.keys(validate(schema, { name: 'no spaces', repo: 'github.com?owner=acme' }))).toEqual(['/name', '/repo']);
    expect(validate(schema, { name: 'fine', repo: 'github.com?owner=acme&repo=new' })).toEqual({});
  });

  it('is nothing of a field that is hidden', () => {
    const [page] = pagesOf({ properties: { a: { type: 'string', visible: false } }, required: ['a'] }, {});
    expect(validate(page?.schema ?? {}, {})).toEqual({});
  });
});

describe("Port's inputs", () => {
  const inputs = {
    properties: { cluster: { type: 'string' }, region: { type: 'string', dependsOn: ['cluster'], title: 'Region' }, size: { type: 'number' } },
    required: ['region'],
    steps: [{ title: 'Where', order: ['cluster', 'region'] }, { title: 'How much', order: ['size'] }, { title: 'Never', order: [], visible: false }],
  };

  it('become pages', () => {
    const pages = pagesOf(inputs, {});
    expect(pages.map(({ title }) => title)).toEqual(['Where', 'How much']);
    expect(pages[0]?.schema.required).toEqual(['region']);
    expect(pages[1]?.schema.required).toEqual([]);
  });

  it('wait for what they depend on', () => {
    expect(pagesOf(inputs, {})[0]?.schema.properties?.region?.['sd:disabled']).toBe('First: Cluster.');
    expect(pagesOf(inputs, { cluster: 'a' })[0]?.schema.properties?.region?.['sd:disabled']).toBeUndefined();
  });
});

describe('fields of Backstage', () => {
  it('turn filters into conditions', () => {
    expect(filterOf([{ kind: ['Component', 'System'], 'spec.type': 'service' }, { kind: 'API', 'metadata.annotations.x': { exists: true } }], undefined)).toEqual(['kind=Component,kind=System,spec.type=service', 'kind=API,metadata.annotations.x']);
    expect(filterOf(undefined, ['Group'])).toEqual(['kind=Group']);
  });

  it('complete short references', () => {
    expect(fullRef('payments', { defaultKind: 'Group' })).toBe('group:default/payments');
    expect(fullRef('user:ops/ada', {})).toBe('user:ops/ada');
    expect(fullRef('payments', {})).toBe('payments');
  });

  it('read and write addresses of repositories', () => {
    const text = 'github.com?owner=acme&repo=new+one';
    expect(readRepo(text)).toMatchObject({ host: 'github.com', owner: 'acme', repo: 'new one' });
    expect(writeRepo(readRepo(text))).toBe(text);
    expect(repoParts('dev.azure.com', {}).map(({ key }) => key)).toEqual(['organization', 'project', 'repo']);
    expect(repoParts('github.com', { allowedOwners: ['acme'] })[0]?.allowed).toEqual(['acme']);
  });
});

describe('alternatives that are told apart', () => {
  it('ask for what is still to be chosen', () => {
    const branch = (type: string[], more: Record<string, unknown>) => ({ properties: { type: { enum: type }, ...more }, required: Object.keys(more) });
    const schema = { type: 'object', properties: { type: { type: 'string' } }, dependencies: { type: { oneOf: [branch(['a', 'b'], { of: { type: 'string', enum: ['x'] } }), branch(['c'], { at: { type: 'string' } })] } } };
    expect(Object.keys(effective(schema, { type: 'b', of: '' }).properties ?? {})).toEqual(['type', 'of']);
    expect(Object.keys(effective(schema, { type: 'c' }).properties ?? {})).toEqual(['type', 'at']);
  });
});
