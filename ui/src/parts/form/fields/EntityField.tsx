import { entityOptions } from '~/api/options';
import type { TableRequest } from '~/api/types';
import { isObject, typeOf, type FieldProps, type Schema } from '../types';
import { SearchField } from './SearchField';

/** An entity of a blueprint, or several: Port's `entity`. */
export function EntityField(props: FieldProps) {
  const own = typeOf(props.schema) === 'array' ? { ...props.schema, ...props.schema.items, type: 'array' } : props.schema;
  const request = { blueprint: typeof own.blueprint === 'string' ? own.blueprint : undefined, query: rulesOf(own), sort: sortOf(own) };
  return <SearchField {...props} find={(typed) => entityOptions(request, typed)} />;
}

/** The input's data set, as rules of the catalog's search. */
const rulesOf = ({ dataset }: Schema) => (isObject(dataset) && Array.isArray(dataset.rules) && dataset.rules.length > 0 ? (dataset as TableRequest['query']) : undefined);

function sortOf({ sort }: Schema): TableRequest['sort'] {
  if (!isObject(sort) || typeof sort.property !== 'string') return undefined;
  const field = sort.property.startsWith('$') || sort.property.includes('.') ? sort.property : `properties.${sort.property}`;
  return [{ field, order: sort.order === 'DESC' ? 'desc' : 'asc' }];
}

export function PersonField(props: FieldProps) {
  return <SearchField {...props} find={(typed) => entityOptions({ blueprint: '_user' }, typed)} />;
}

export function TeamField(props: FieldProps) {
  return <SearchField {...props} find={(typed) => entityOptions({ blueprint: '_team' }, typed)} />;
}
