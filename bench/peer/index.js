'use strict';
// A Backstage backend with its catalog and nothing else, and a provider that takes entities over a control port:
//   POST /full   {"file": "entities.jsonl"}  the whole catalog
//   POST /delta  [entity, ...]               changed entities
//   GET  /pending                            how many entities are visible, and how many are still being worked on

const fs = require('node:fs');
const http = require('node:http');
const { createBackend } = require('@backstage/backend-defaults');
const { coreServices, createBackendModule } = require('@backstage/backend-plugin-api');
const { catalogProcessingExtensionPoint } = require('@backstage/plugin-catalog-node');
const { Client } = require('pg');

const LOCATION = 'url:https://git.larkfell.example/catalog-info.yaml';

function claimed(entity) {
  const annotations = {
    ...entity.metadata.annotations,
    'backstage.io/managed-by-location': LOCATION,
    'backstage.io/managed-by-origin-location': LOCATION,
  };
  return { entity: { ...entity, metadata: { ...entity.metadata, annotations } }, locationKey: 'measure' };
}

async function pending(database) {
  const count = async text => Number((await database.query(text)).rows[0].count);
  return {
    visible: await count('select count(*) from final_entities where final_entity is not null'),
    pending:
      (await count('select count(*) from stitch_queue')) +
      (await count("select count(*) from refresh_state where coalesce(result_hash, '') = ''")),
  };
}

async function body(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString() || 'null');
}

class Provider {
  getProviderName() {
    return 'measure';
  }

  async connect(connection) {
    const database = new Client({
      host: '127.0.0.1',
      port: Number(process.env.PEER_PG_PORT),
      user: 'postgres',
      database: `${process.env.PEER_DATABASE}catalog`,
    });
    await database.connect();
    const answer = async (path, content) => {
      if (path === '/pending') return pending(database);
      if (path === '/full') {
        const lines = fs.readFileSync(content.file, 'utf8').split('\n').filter(Boolean);
        await connection.applyMutation({ type: 'full', entities: lines.map(line => claimed(JSON.parse(line))) });
      } else {
        await connection.applyMutation({ type: 'delta', added: content.map(claimed), removed: [] });
      }
      return {};
    };
    const server = http.createServer(async (request, response) => {
      let text;
      try {
        text = JSON.stringify(await answer(request.url, await body(request)));
      } catch (error) {
        response.statusCode = 500;
        text = JSON.stringify({ error: String(error) });
      }
      response.setHeader('content-type', 'application/json');
      response.setHeader('content-length', Buffer.byteLength(text));
      response.end(text);
    });
    server.listen(Number(process.env.PEER_CONTROL), '127.0.0.1');
  }
}

const backend = createBackend();
backend.add(import('@backstage/plugin-catalog-backend'));
backend.add(
  createBackendModule({
    pluginId: 'catalog',
    moduleId: 'measure',
    register(env) {
      env.registerInit({
        deps: { catalog: catalogProcessingExtensionPoint, logger: coreServices.logger },
        async init({ catalog }) {
          catalog.addEntityProvider(new Provider());
        },
      });
    },
  }),
);
backend.start();
