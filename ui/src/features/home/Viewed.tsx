import type { Home } from '~/api/home';
import { Section } from '~/kit/Page';
import { Time } from '~/kit/Time';
import { BlueprintIcon } from '~/parts/BlueprintIcon';
import { EntityLink } from '~/parts/EntityLink';
import classes from './home.module.css';

/** Where the reader was, on any device. */
export function Viewed({ home: { viewed } }: { home: Home }) {
  return (
    <Section title="Recently viewed">
      {viewed.length === 0 && <p className={classes.line}>Entities that you open are listed here.</p>}
      <ul aria-label="Recently viewed">
        {viewed.slice(0, 8).map((link) => (
          <li key={`${link.blueprint} ${link.identifier}`} className={classes.recent}>
            <BlueprintIcon blueprint={link.blueprint} icon={link.icon} size={15} />
            <span className={classes.recentTitle}>
              <EntityLink link={link} />
            </span>
            <span className={classes.when}>
              <Time iso={link.viewedAt} />
            </span>
          </li>
        ))}
      </ul>
    </Section>
  );
}
