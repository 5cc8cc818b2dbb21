import { queryOptions } from '@tanstack/react-query';
import { catalogOptions, entityOptions, type Option } from '~/api/options';
import { useOpenSession } from '~/parts/session';
import { filterOf, fullRef, kindsOf } from '../references';
import { isObject, optionsOf, type FieldProps } from '../types';
import { SearchField } from './SearchField';

/** An entity by its reference: Backstage's `EntityPicker`, and `MultiEntityPicker` for several. */
export function CatalogField(props: FieldProps) {
  const options = fieldOptions(props);
  const filter = filterOf(options.catalogFilter, options.allowedKinds);
  return <SearchField {...props} free={options.allowArbitraryValues !== false} complete={(typed) => fullRef(typed, options)} find={(typed) => catalogOptions(filter, typed)} />;
}

/** Somebody who may own things. */
export function OwnerField(props: FieldProps) {
  const options = fieldOptions(props);
  const kinds = Array.isArray(options.allowedKinds) ? options.allowedKinds : ['Group', 'User'];
  const filter = filterOf(options.catalogFilter, kinds);
  return <SearchField {...props} free={options.allowArbitraryValues !== false} complete={(typed) => fullRef(typed, { defaultKind: 'Group', ...options })} find={(typed) => catalogOptions(filter, typed)} />;
}

/** What the viewer's teams own. */
export function OwnedField(props: FieldProps) {
  const options = fieldOptions(props);
  const kinds = kindsOf(options);
  const query = kinds.length > 0 ? `$team in @myTeams and $blueprint in (${kinds.map((kind) => JSON.stringify(kind.toLowerCase())).join(', ')})` : '$team in @myTeams';
  return <SearchField {...props} find={(typed) => entityOptions({ query }, typed)} />;
}

/** Groups that the viewer is in. */
export function GroupsField(props: FieldProps) {
  const { viewer } = useOpenSession();
  const groups = viewer.teams.map((team): Option => {
    const ref = team.includes(':') ? team : `group:default/${team}`;
    return { value: ref.toLowerCase(), label: team.replace(/^.*\//, ''), detail: ref };
  });
  const find = (typed: string) => {
    const options = groups.filter(({ value, label }) => `${value} ${label}`.toLowerCase().includes(typed.toLowerCase()));
    return queryOptions({ queryKey: ['session', 'groups', viewer.teams, typed], queryFn: () => ({ options, total: options.length }), initialData: { options, total: options.length } });
  };
  return <SearchField {...props} find={find} />;
}

/** Of the field, or of its items. */
function fieldOptions({ schema }: FieldProps): Record<string, unknown> {
  return { ...(isObject(schema.items) ? optionsOf(schema.items) : {}), ...optionsOf(schema) };
}
