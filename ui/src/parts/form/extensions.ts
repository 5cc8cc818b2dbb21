import { readRepo, repoParts } from './repo';
import { isBlank, isObject, optionsOf, part, type Errors, type Schema } from './types';

/** What a field of Backstage's asks for beyond its schema. */
const checks: Record<string, (value: unknown, schema: Schema) => string | undefined> = {
  EntityNamePicker: (value) =>
    typeof value === 'string' && !(value.length <= 63 && /^[A-Za-z0-9]+([-_.][A-Za-z0-9]+)*$/.test(value))
      ? 'A name has letters, digits and single - _ . between them, and at most 63 characters.'
      : undefined,
  EntityTagsPicker: (value) => {
    const wrong = (Array.isArray(value) ? value : []).find((tag) => typeof tag !== 'string' || tag.length > 63 || !/^[a-z0-9+#]+(-[a-z0-9+#]+)*$/.test(tag));
    return wrong === undefined ? undefined : `“${String(wrong)}” is no tag: lower-case letters, digits, + and #, with single - between them.`;
  },
  RepoUrlPicker: (value, schema) => {
    if (typeof value !== 'string' || value === '') return undefined;
    const repo = readRepo(value);
    const missing = repoParts(repo.host, optionsOf(schema)).filter(({ key }) => isBlank(repo[key]));
    return missing.length > 0 ? `Still to fill in: ${missing.map(({ title }) => title.toLowerCase()).join(', ')}.` : undefined;
  },
};

/** By place, of the fields of an object. */
export function extensionErrors(schema: Schema, value: unknown, at = ''): Errors {
  const errors: Errors = {};
  for (const [key, one] of Object.entries(schema.properties ?? {})) {
    const inner = isObject(value) ? value[key] : undefined;
    const path = at + part(key);
    const problem = isBlank(inner) ? undefined : checks[String(one['ui:field'])]?.(inner, one);
    if (problem) errors[path] = problem;
    if (one.properties) Object.assign(errors, extensionErrors(one, inner, path));
  }
  return errors;
}
