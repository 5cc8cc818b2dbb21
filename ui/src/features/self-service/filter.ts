import { nameOfOffer, type Offer } from '~/api/actions';
import { findBest } from '~/lib/fuzzy';
import type { HubSearch } from './search';

/** What a hub shows for what its address says: what is recommended comes first. */
export function narrowed(offers: Offer[], { q, blueprint, tag, owner, show }: HubSearch): Offer[] {
  const kept = offers.filter(
    (offer) =>
      (!blueprint || (offer.blueprint ?? 'none') === blueprint) &&
      (!tag || offer.tags.includes(tag)) &&
      (!owner || offer.owner === owner) &&
      (!show || (show === 'favourites' ? offer.favourite : `${offer.kind}s` === show)),
  );
  const sorted = [...kept].sort((a, b) => Number(b.recommended) - Number(a.recommended) || a.title.localeCompare(b.title));
  return q ? findBest(sorted, q, ({ title, identifier, description, tags }) => [title, identifier, `${description ?? ''} ${tags.join(' ')}`]) : sorted;
}

export interface Facet {
  value: string;
  count: number;
}

/** The values of a field with how many have them. */
export function facetOf(offers: Offer[], values: (offer: Offer) => (string | null | undefined)[]): Facet[] {
  const counts = new Map<string, number>();
  for (const offer of offers) for (const value of new Set(values(offer))) if (value) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].map(([value, count]) => ({ value, count })).sort((a, b) => b.count - a.count || a.value.localeCompare(b.value));
}

/** What was run last, in that order, as far as it is still there. */
export function recentOf(offers: Offer[], recent: string[]): Offer[] {
  const byName = new Map(offers.map((offer) => [nameOfOffer(offer), offer]));
  return recent.flatMap((name) => byName.get(name) ?? []).slice(0, 4);
}

export const operationWords: Record<NonNullable<Offer['operation']>, string> = { CREATE: 'Creates', 'DAY-2': 'Changes', DELETE: 'Deletes' };
