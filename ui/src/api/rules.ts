import { client, unwrap } from './client';

interface Asked {
  text?: string;
  rules?: unknown;
  blueprint?: string;
  cursor?: number;
}

/** A query from text to Port's search rules or back, with what is wrong with it and what may stand at the cursor. */
export const translateQuery = ({ rules, ...asked }: Asked) => unwrap(client.POST('/query', { body: { ...asked, rules: rules as never } }));
