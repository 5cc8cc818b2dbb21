import { parse } from 'yaml';
import { readDefinition } from './definition';

/** Reads a definition off the page's thread: whoever waits too long for it ends the worker. */
self.onmessage = ({ data: { kind, text } }: MessageEvent<{ kind: 'openapi' | 'asyncapi'; text: string }>) => {
  try {
    const document: unknown = /^\s*[{[]/.test(text) ? JSON.parse(text) : parse(text, { maxAliasCount: 200, strict: false, uniqueKeys: false, logLevel: 'silent' });
    self.postMessage({ definition: readDefinition(kind, document) });
  } catch (error) {
    self.postMessage({ error: String((error as Error).message ?? error).split('\n')[0] });
  }
};
