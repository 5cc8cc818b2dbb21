'use strict';
// A Backstage backend: its catalog, with the modules that a new app has, and its search. On a control port it tells what
// is still being worked on:
//   GET /pending   {"visible": 12, "pending": 0}

const http = require('node:http');
const { createBackend } = require('@backstage/backend-defaults');
const { Client } = require('pg');

const backend = createBackend();
backend.add(import('@backstage/plugin-catalog-backend'));
backend.add(import('@backstage/plugin-catalog-backend-module-scaffolder-entity-model'));
backend.add(import('@backstage/plugin-catalog-backend-module-unprocessed'));
if (process.env.PEER_MODEL) backend.add(import('@backstage/plugin-catalog-backend-module-ai-model'));
backend.add(import('@backstage/plugin-search-backend'));
backend.add(import('@backstage/plugin-search-backend-module-catalog'));

let database;

async function pending() {
  if (!database) {
    database = new Client({ host: '127.0.0.1', port: Number(process.env.PEER_PG_PORT), user: 'postgres', database: `${process.env.PEER_DATABASE}catalog` });
    await database.connect();
  }
  const count = async text => Number((await database.query(text)).rows[0].count);
  return {
    visible: await count('select count(*) from final_entities where final_entity is not null'),
    pending:
      (await count('select count(*) from stitch_queue')) +
      (await count('select count(*) from refresh_state where next_update_at < now()')) +
      (await count("select count(*) from refresh_state where coalesce(result_hash, '') = ''")),
  };
}

const server = http.createServer(async (_, response) => {
  let text;
  try {
    text = JSON.stringify(await pending());
  } catch (error) {
    response.statusCode = 500;
    text = String(error);
  }
  response.end(text);
});
backend.start().then(() => server.listen(Number(process.env.PEER_CONTROL), '127.0.0.1'));
