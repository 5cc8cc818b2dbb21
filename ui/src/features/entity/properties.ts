import type { Blueprint, PropertyDefinition } from '~/api/types';
import { words } from '~/lib/text';
import { viewerOf } from '~/parts/viewer';

/** A property with a value. Without a definition, the blueprint does not declare it. */
export interface Shown {
  key: string;
  title: string;
  value: unknown;
  definition: PropertyDefinition | undefined;
}

interface Grouped {
  /** Fits a column. */
  short: Shown[];
  /** The same, and derived. */
  derived: Shown[];
  /** Needs the whole width. */
  wide: Shown[];
  /** Titles of declared properties that have no value. */
  unset: string[];
}

// the header of the page shows these
const elsewhere = new Set(['description', 'tags']);

/** Declared properties in the blueprint's order, then the others. */
export function groupProperties(properties: Record<string, unknown>, blueprint: Blueprint | undefined): Grouped {
  const grouped: Grouped = { short: [], derived: [], wide: [], unset: [] };
  const declared = blueprint?.properties ?? {};
  const others = Object.keys(properties).filter((key) => !(key in declared));
  for (const key of [...Object.keys(declared), ...others]) {
    const definition = declared[key];
    const shown = { key, title: definition?.title || words(key), value: properties[key], definition };
    if (definition?.derived?.problem) grouped.derived.push(shown);
    else if (isEmpty(shown.value)) grouped.unset.push(shown.title);
    else if (elsewhere.has(key) && isShownInHeader(shown.value)) continue;
    else if (isWide(shown, properties)) grouped.wide.push(shown);
    else (definition?.derived ? grouped.derived : grouped.short).push(shown);
  }
  return grouped;
}

const isShownInHeader = (value: unknown) => typeof value === 'string' || Array.isArray(value);

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

function isWide({ key, value, definition }: Shown, properties: Record<string, unknown>): boolean {
  if (viewerOf(key, value, definition, properties.type)) return true;
  if (Array.isArray(value)) return value.some((item) => typeof item === 'object');
  if (typeof value === 'object') return definition?.format !== 'labeled-url';
  if (typeof value !== 'string') return false;
  return definition?.format === 'markdown' || definition?.format === 'yaml' || value.length > 90 || value.includes('\n');
}
