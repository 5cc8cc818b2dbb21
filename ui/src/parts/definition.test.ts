import { describe, expect, it } from 'vitest';
import { readDefinition, resolve } from './definition';

describe('definitions', () => {
  it('are read as operations by tag', () => {
    const found = readDefinition('openapi', {
      openapi: '3.0.0',
      info: { title: 'Orders', version: 1 },
      tags: [{ name: 'b', description: 'Second' }],
      paths: {
        '/orders/{id}': {
          parameters: [{ $ref: '#/components/parameters/id' }],
          get: { tags: ['b'], summary: 'One', responses: { 200: { description: 'ok', content: { 'application/json': { schema: { $ref: '#/components/schemas/Order' } } } }, 404: { description: 'no' } } },
          post: { requestBody: { required: true, content: { 'application/json': { schema: { type: 'object' } } } } },
        },
      },
      components: { parameters: { id: { name: 'id', in: 'path', required: true, schema: { type: 'string' } } }, schemas: { Order: { type: 'object' } } },
    });
    expect(found.groups.map(({ name, operations }) => [name, operations.map(({ verb }) => verb)])).toEqual([['b', ['get']], ['', ['post']]]);
    const [get] = found.groups[0]?.operations ?? [];
    expect(get?.parameters[0]).toMatchObject({ name: 'id', place: 'path', required: true });
    expect(get?.contents.map(({ title, media }) => [title, media])).toEqual([['Response 200', 'application/json'], ['Response 404', null]]);
    expect(found.groups[1]?.operations[0]?.contents[0]?.title).toBe('Request body, required');
  });

  it('are read as channels and messages, of either version', () => {
    const two = readDefinition('asyncapi', { asyncapi: '2.6.0', info: {}, channels: { 'orders.{id}': { parameters: { id: {} }, subscribe: { message: { oneOf: [{ name: 'A' }, { name: 'B' }] } } } } });
    expect(two.groups[0]?.operations[0]?.contents.map(({ title }) => title)).toEqual(['A', 'B']);
    const three = readDefinition('asyncapi', {
      asyncapi: '3.0.0',
      channels: { c: { address: 'orders', messages: { m: { name: 'M', payload: { type: 'string' } } } } },
      operations: { send: { action: 'send', channel: { $ref: '#/channels/c' } } },
    });
    expect(three.groups[0]?.operations[0]).toMatchObject({ verb: 'send', path: 'orders', contents: [{ title: 'M' }] });
  });

  it('survive what is hostile', () => {
    const cycle = { a: { $ref: '#/b' }, b: { $ref: '#/a' } };
    expect(resolve(cycle, cycle.a)).toEqual({ description: 'a reference that leads back to itself' });
    expect(resolve(cycle, { $ref: '#/__proto__/x' })).toEqual({ description: '#/__proto__/x is not in this document' });
    expect(resolve(cycle, { $ref: 'https://a.example/x' })).toEqual({ description: 'https://a.example/x is not in this document' });
    expect(() => readDefinition('openapi', 'text')).toThrow('This is no object.');
    const odd = readDefinition('openapi', { paths: { '/': null, '/a': { get: 7, post: { parameters: 3, responses: [1] } } }, servers: 'x', tags: {} });
    expect(odd.groups[0]?.operations.length).toBe(2);
  });
});
