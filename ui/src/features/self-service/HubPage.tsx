import { Button, SegmentedControl, Select } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { hubQuery, nameOfOffer, putFavourites, type Hub, type Offer } from '~/api/actions';
import { Empty, Page, Section, Waiting } from '~/kit/Page';
import { ProblemLine } from '~/kit/Problem';
import { SearchField } from '~/kit/SearchField';
import { count } from '~/lib/text';
import { useDocumentTitle, useModel } from '~/parts/model';
import { useChange } from '~/parts/useChange';
import { facetOf, narrowed, recentOf, type Facet } from './filter';
import { OfferCard } from './OfferCard';
import type { HubSearch } from './search';
import classes from './selfService.module.css';

const route = getRouteApi('/_in/self-service');

/** Everything that can be run, to find what one needs. */
export function HubPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const documentTitle = useDocumentTitle('Self-service');
  const { data, error } = useQuery(hubQuery());
  const put = (patch: HubSearch) => void navigate({ search: (old) => ({ ...old, ...patch }), replace: true });
  const offers = data?.actions ?? [];
  const shown = narrowed(offers, search);
  const hidden = offers.length - shown.length;
  const favourites = useFavourites();
  const all = Object.values(search).every((value) => value === undefined);
  const recent = all && data ? recentOf(offers, data.recent) : [];
  const card = (offer: Offer) => <OfferCard key={nameOfOffer(offer)} offer={offer} onFavourite={() => favourites.toggle(offer)} />;
  return (
    <Page
      documentTitle={documentTitle}
      title="Self-service"
      subtitle={data ? `${count(shown.length, 'thing')} to run${hidden > 0 ? `, ${hidden} hidden by the filter` : ''}` : undefined}
      actions={
        <Button component={Link} to="/runs" variant="default">
          My runs
        </Button>
      }
    >
      {error && <ProblemLine level="error" message={error.message} />}
      {favourites.error && <ProblemLine level="error" message={favourites.error.message} />}
      {!data && !error && <Waiting />}
      {data && offers.length === 0 && <Nothing />}
      {offers.length > 0 && <Filters offers={offers} search={search} onChange={put} />}
      {offers.length > 0 && shown.length === 0 && (
        <Empty title={search.show === 'favourites' && Object.values(search).filter(Boolean).length === 1 ? 'You have no favourites yet.' : 'Nothing matches.'}>
          {search.show === 'favourites' && <p>The star of a card keeps it here and in the favourites of the home page.</p>}
          <Button variant="default" mt={10} onClick={() => void navigate({ search: {}, replace: true })}>
            Show all
          </Button>
        </Empty>
      )}
      {recent.length > 0 && (
        <Section title="You ran last">
          <ul className={classes.cards}>{recent.map(card)}</ul>
        </Section>
      )}
      {shown.length > 0 &&
        (recent.length > 0 ? (
          <Section title="All">
            <ul className={classes.cards}>{shown.map(card)}</ul>
          </Section>
        ) : (
          <ul className={classes.cards} aria-label="Actions and templates">
            {shown.map(card)}
          </ul>
        ))}
    </Page>
  );
}

/** The star shows at once what was chosen; the server keeps it. */
function useFavourites() {
  const queries = useQueryClient();
  const { queryKey } = hubQuery();
  const change = useChange(putFavourites);
  const toggle = (offer: Offer) => {
    const old = queries.getQueryData<Hub>(queryKey);
    if (!old) return;
    const actions = old.actions.map((one) => (nameOfOffer(one) === nameOfOffer(offer) ? { ...one, favourite: !one.favourite } : one));
    queries.setQueryData(queryKey, { ...old, actions });
    change.mutate(actions.filter(({ favourite }) => favourite).map(nameOfOffer), { onError: () => queries.setQueryData(queryKey, old) });
  };
  return { toggle, error: change.error };
}

function Filters({ offers, search, onChange }: { offers: Offer[]; search: HubSearch; onChange: (patch: HubSearch) => void }) {
  const { blueprints } = useModel();
  const titleOf = (identifier: string) => (identifier === 'none' ? 'No blueprint' : (blueprints.find((one) => one.identifier === identifier)?.title ?? identifier));
  const data = (facets: Facet[], title = (value: string) => value) => facets.map(({ value, count: n }) => ({ value, label: `${title(value)} (${n})` }));
  const blueprint = facetOf(offers, (offer) => [offer.blueprint ?? 'none']);
  const tags = facetOf(offers, (offer) => offer.tags);
  const owners = facetOf(offers, (offer) => [offer.owner]);
  return (
    <div className={classes.filters}>
      <SearchField label="Find an action or a template" value={search.q ?? ''} onChange={(q) => onChange({ q: q || undefined })} />
      <SegmentedControl
        size="xs"
        aria-label="What to show"
        value={search.show ?? 'all'}
        onChange={(show) => onChange({ show: show === 'all' ? undefined : (show as HubSearch['show']) })}
        data={[{ value: 'all', label: 'All' }, { value: 'actions', label: 'Actions' }, { value: 'templates', label: 'Templates' }, { value: 'favourites', label: 'Favourites' }]}
      />
      {blueprint.length > 1 && <Select aria-label="Blueprint" placeholder="Any blueprint" clearable searchable w={170} data={data(blueprint, titleOf)} value={search.blueprint ?? null} onChange={(next) => onChange({ blueprint: next ?? undefined })} />}
      {tags.length > 0 && <Select aria-label="Tag" placeholder="Any tag" clearable searchable w={150} data={data(tags)} value={search.tag ?? null} onChange={(next) => onChange({ tag: next ?? undefined })} />}
      {owners.length > 1 && <Select aria-label="Owner" placeholder="Any owner" clearable searchable w={170} data={data(owners)} value={search.owner ?? null} onChange={(next) => onChange({ owner: next ?? undefined })} />}
    </div>
  );
}

function Nothing() {
  return (
    <Empty title="There is nothing to run yet.">
      <p>Actions and templates let people do on their own what they would have to ask for: scale a service, make a new one, hand out access.</p>
      <p>
        <Link to="/actions" search={{ create: 'action' }} className={classes.inlineLink}>
          Define an action
        </Link>
        , through this page, Port’s API or Terraform; or{' '}
        <Link to="/templates" className={classes.inlineLink}>
          write a template
        </Link>{' '}
        and{' '}
        <Link to="/sources" search={{ register: true }} className={classes.inlineLink}>
          register its address
        </Link>
        . Or{' '}
        <Link to="/" search={{ examples: true }} className={classes.inlineLink}>
          add examples to try it with
        </Link>
        .
      </p>
    </Empty>
  );
}
