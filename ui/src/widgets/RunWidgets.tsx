import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { hubQuery, nameOfOffer, type Offer } from '~/api/actions';
import type { WidgetJson } from '~/api/pages';
import { runsQuery } from '~/api/runs';
import { plainMarkdown, shorten } from '~/lib/text';
import { BlueprintIcon } from '~/parts/BlueprintIcon';
import { RunsTable } from '~/parts/runs/RunsTable';
import { Nothing } from './Nothing';
import classes from './widgets.module.css';

interface OwnWidget {
  widget: WidgetJson;
}

/** Actions that somebody has chosen for a page; all that there are where nobody has. */
export function ActionsWidget({ widget }: OwnWidget) {
  const { data, error } = useQuery(hubQuery());
  if (error) return <Nothing widget={widget}>{error.message}</Nothing>;
  if (!data) return null;
  const wanted = identifiersOf(widget);
  const chosen = wanted.length > 0 ? wanted.flatMap((one) => data.actions.find(({ identifier }) => identifier === one) ?? []) : data.actions;
  const gone = wanted.length - (wanted.length > 0 ? chosen.length : 0);
  return <Offers widget={widget} offers={chosen} gone={gone} empty="There is nothing to run yet." />;
}

/** What the reader has run last. */
export function RecentActionsWidget({ widget }: OwnWidget) {
  const { data, error } = useQuery(hubQuery());
  if (error) return <Nothing widget={widget}>{error.message}</Nothing>;
  if (!data) return null;
  const offers = data.recent.flatMap((name) => data.actions.find((offer) => nameOfOffer(offer) === name) ?? []);
  return <Offers widget={widget} offers={offers} gone={0} empty="You have not run anything yet." />;
}

function Offers({ widget, offers, gone, empty }: OwnWidget & { offers: Offer[]; gone: number; empty: string }) {
  if (offers.length + gone === 0) return <Nothing widget={widget}>{empty}</Nothing>;
  return (
    <>
      <ul className={classes.offers}>
        {offers.map((offer) => (
          <li key={nameOfOffer(offer)}>
            <BlueprintIcon blueprint={offer.kind === 'template' ? 'template' : (offer.icon ?? 'action')} icon={offer.icon} size={15} />
            <span>
              <Link to="/self-service/$kind/$id" params={{ kind: offer.kind, id: offer.identifier }} className={classes.offer}>
                {offer.title}
              </Link>
              {offer.description && <span className="sd-dim"> {shorten(plainMarkdown(offer.description), 90)}</span>}
            </span>
          </li>
        ))}
      </ul>
      {gone > 0 && <p className={classes.more}>{gone === 1 ? 'One more is' : `${gone} more are`} not there, or not for you.</p>}
    </>
  );
}

/** Runs of an action, newest first; of all where none is named. */
export function RunsWidget({ widget }: OwnWidget) {
  const [action] = identifiersOf(widget);
  const { data, error, isPending } = useQuery(runsQuery({ of: action, limit: 10 }));
  if (error) return <Nothing widget={widget}>{error.message}</Nothing>;
  if (data?.total === 0) return <Nothing widget={widget}>Nothing has been run yet.</Nothing>;
  return (
    <>
      <RunsTable label={widget.title ?? 'Runs'} runs={data?.runs ?? []} waiting={isPending} />
      {data && data.total > data.runs.length && (
        <p className={classes.more}>
          <Link to="/runs" search={{ all: true }}>
            All {data.total} runs ({data.total - data.runs.length} hidden here)
          </Link>
        </p>
      )}
    </>
  );
}

/** Port names actions by identifier, alone, in a list, or as objects with one. */
function identifiersOf(widget: WidgetJson): string[] {
  const named = widget.actions ?? widget.actionIdentifiers ?? widget.action ?? widget.actionIdentifier;
  const list = Array.isArray(named) ? named : named === undefined ? [] : [named];
  return list.flatMap((one: unknown) => {
    if (typeof one === 'string') return one === '' ? [] : [one];
    const { action, identifier } = (one ?? {}) as { action?: unknown; identifier?: unknown };
    const id = action ?? identifier;
    return typeof id === 'string' ? [id] : [];
  });
}
