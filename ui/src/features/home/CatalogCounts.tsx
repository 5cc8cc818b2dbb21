import { Link } from '@tanstack/react-router';
import { Section } from '~/kit/Page';
import { count, formatNumber } from '~/lib/text';
import { BlueprintIcon } from '~/parts/BlueprintIcon';
import { useCatalogBlueprints } from '~/parts/model';
import classes from './home.module.css';

/** How much there is of what. */
export function CatalogCounts() {
  const blueprints = useCatalogBlueprints();
  const filled = blueprints.filter((blueprint) => blueprint.count > 0);
  const empty = blueprints.length - filled.length;
  return (
    <Section title="Catalog" aside={empty > 0 ? `${count(empty, 'blueprint')} without entities` : undefined}>
      <ul className={classes.counts} aria-label="Catalog" data-narrow>
        {filled.map((blueprint) => (
          <li key={blueprint.identifier}>
            <Link to="/catalog/$blueprint" params={{ blueprint: blueprint.identifier }} className={classes.count}>
              <BlueprintIcon blueprint={blueprint.identifier} icon={blueprint.icon} />
              <span className={classes.countTitle}>{blueprint.title}</span>
              <span className={classes.countNumber}>{formatNumber(blueprint.count)}</span>
            </Link>
          </li>
        ))}
      </ul>
    </Section>
  );
}
