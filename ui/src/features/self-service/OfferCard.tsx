import { IconStar, IconStarFilled } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { Offer } from '~/api/actions';
import { Chip } from '~/kit/Mono';
import { plainMarkdown, shorten } from '~/lib/text';
import { BlueprintIcon } from '~/parts/BlueprintIcon';
import { useModel } from '~/parts/model';
import { operationWords } from './filter';
import classes from './selfService.module.css';

interface OfferCardProps {
  offer: Offer;
  onFavourite: () => void;
}

/** What can be run: what it is, for what, and why not where it cannot. */
export function OfferCard({ offer, onFavourite }: OfferCardProps) {
  const { blueprints } = useModel();
  const blueprint = blueprints.find(({ identifier }) => identifier === offer.blueprint);
  const about = offer.kind === 'template' ? 'Template' : blueprint ? `${operationWords[offer.operation ?? 'DAY-2']} ${blueprint.title}` : 'Action';
  const description = offer.description ? shorten(plainMarkdown(offer.description), 180) : undefined;
  // it stands there in a word of its own
  const tags = offer.tags.filter((tag) => tag !== 'recommended');
  return (
    <li className={classes.card} data-off={offer.why ? true : undefined}>
      <div className={classes.cardHead}>
        <BlueprintIcon blueprint={offer.kind === 'template' ? 'template' : (offer.icon ?? 'action')} icon={offer.icon} size={17} />
        <h3 className={classes.cardTitle}>
          <Link to="/self-service/$kind/$id" params={{ kind: offer.kind, id: offer.identifier }} className={classes.cardLink}>
            {offer.title}
          </Link>
        </h3>
        <button type="button" className={classes.star} aria-pressed={offer.favourite} aria-label={`Favourite: ${offer.title}`} title={offer.favourite ? 'Take out of the favourites' : 'Add to the favourites'} onClick={onFavourite}>
          {offer.favourite ? <IconStarFilled size={15} aria-hidden /> : <IconStar size={15} stroke={1.6} aria-hidden />}
        </button>
      </div>
      {description && <p className={classes.cardText}>{description}</p>}
      {offer.why && <p className={classes.why}>{offer.why}</p>}
      <div className={classes.cardFoot}>
        <span className="sd-dim">{about}</span>
        {offer.recommended && <span className={classes.recommended}>Recommended</span>}
        {offer.owner && <span className="sd-dim">{offer.owner.replace(/^group:default\//, '')}</span>}
        {tags.slice(0, 3).map((tag) => (
          <Chip key={tag}>{tag}</Chip>
        ))}
        {tags.length > 3 && (
          <span className="sd-dim" title={tags.slice(3).join('\n')}>
            +{tags.length - 3}
          </span>
        )}
      </div>
    </li>
  );
}
