import type { LinkTo } from '~/api/types';
import { Time } from '~/kit/Time';
import { count } from '~/lib/text';
import { BlueprintIcon } from '~/parts/BlueprintIcon';
import { EntityLink } from '~/parts/EntityLink';
import { ExternalLink } from '~/parts/ExternalLink';
import { Markdown } from '~/parts/Markdown';
import { useBlueprint } from '~/parts/model';
import { PropertyValue } from '~/parts/PropertyValue';
import { useSession } from '~/parts/session';
import { Drill } from './drill';
import { Nothing } from './Nothing';
import type { WidgetProps } from './types';
import classes from './widgets.module.css';

const nothing: Record<string, string> = {
  'my-entities': 'Your teams own nothing here yet.',
  'recently-viewed-entities': 'What you look at is listed here.',
};

/** A list of entities: mine, those looked at last, people, teams. */
export function EntitiesWidget({ widget, data }: WidgetProps<'entities'>) {
  if (data.entities.length === 0) return <Nothing widget={widget}>{nothing[widget.type] ?? 'There is nothing yet.'}</Nothing>;
  const hidden = data.total - data.entities.length;
  return (
    <>
      <ul className={classes.list}>
        {(data.entities as LinkTo[]).map((link) => (
          <li key={`${link.blueprint} ${link.identifier}`}>
            <BlueprintIcon blueprint={link.blueprint} icon={link.icon} size={14} />
            <EntityLink link={link} />
          </li>
        ))}
      </ul>
      {hidden > 0 && (
        <p className={classes.more}>
          <Drill blueprint={data.blueprint} query={data.query}>
            All {count(data.total, 'entity', 'entities')} ({hidden} hidden here)
          </Drill>
        </p>
      )}
    </>
  );
}

export function ChangesWidget({ widget, data }: WidgetProps<'changes'>) {
  if (data.changes.length === 0) return <Nothing widget={widget}>Nothing has changed yet.</Nothing>;
  return (
    <ul className={classes.list}>
      {data.changes.map((change) => (
        <li key={`${change.entity.blueprint} ${change.entity.identifier}`}>
          <BlueprintIcon blueprint={change.entity.blueprint} icon={change.entity.icon} size={14} />
          <span>
            <EntityLink link={change.entity as LinkTo} />{' '}
            <span className="sd-dim">
              {change.isNew ? 'new' : 'changed'} <Time iso={change.at} /> by {change.by}
            </span>
          </span>
        </li>
      ))}
    </ul>
  );
}

export function EntityWidget({ data }: WidgetProps<'entity'>) {
  const blueprint = useBlueprint(data.entity.blueprint);
  return (
    <>
      <p>
        <BlueprintIcon blueprint={data.entity.blueprint} icon={data.entity.icon} size={14} /> <EntityLink link={data.entity as LinkTo} />
      </p>
      <dl className={classes.fields}>
        {data.team.length > 0 && (
          <div>
            <dt>Owning teams</dt>
            <dd>{data.team.join(', ')}</dd>
          </div>
        )}
        {data.fields.map((field) => (
          <div key={field.field}>
            <dt>{field.title}</dt>
            <dd>
              <PropertyValue value={field.value} definition={blueprint?.properties[field.field.replace('properties.', '')]} />
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}

export function TextWidget({ widget, data }: WidgetProps<'text'>) {
  if (data.markdown.trim() === '') return <Nothing widget={widget}>There is no text yet.</Nothing>;
  return <Markdown source={data.markdown} />;
}

export function LinksWidget({ widget, data }: WidgetProps<'links'>) {
  if (data.links.length === 0) return <Nothing widget={widget}>There are no links yet.</Nothing>;
  return (
    <ul className={classes.links}>
      {data.links.map((link, at) => (
        <li key={at}>
          {link.url.startsWith('/') && !link.url.startsWith('//') ? <a href={link.url}>{link.title}</a> : <ExternalLink url={link.url} text={link.title} />}
          {link.description && <span className="sd-dim"> {link.description}</span>}
        </li>
      ))}
    </ul>
  );
}

/** A page from elsewhere, where the operator allows it. */
export function FrameWidget({ widget, data }: WidgetProps<'frame'>) {
  const { frames } = useSession();
  const origin = originOf(data.url);
  if (origin === null) return <Nothing widget={widget}>{`“${data.url}” is no web address.`}</Nothing>;
  if (!frames.some((allowed) => fits(origin, allowed))) {
    return (
      <div className={classes.nothing}>
        <p>Pages of {origin} may not be embedded here.</p>
        <p>
          Whoever runs the portal allows it with <code>stagedoor.frames: [{origin}]</code> in the configuration. Until then: <ExternalLink url={data.url} text={widget.title} />
        </p>
      </div>
    );
  }
  return <iframe className={classes.frame} src={data.url} title={widget.title ?? data.url} sandbox="allow-scripts allow-same-origin allow-forms allow-popups" referrerPolicy="no-referrer" loading="lazy" />;
}

function originOf(url: string): string | null {
  try {
    const { origin, protocol } = new URL(url);
    return protocol === 'https:' || protocol === 'http:' ? origin : null;
  } catch {
    return null;
  }
}

/** `https://*.example.com` allows every host below. */
function fits(origin: string, allowed: string): boolean {
  const [scheme, host] = allowed.split('//*.');
  if (host === undefined) return origin === allowed;
  return origin.startsWith(`${scheme}//`) && origin.endsWith(`.${host}`);
}

export function NoteWidget({ data }: WidgetProps<'later' | 'failed'>) {
  return (
    <p className={classes.nothing} data-failed={data.kind === 'failed' || undefined} role={data.kind === 'failed' ? 'alert' : undefined}>
      {data.kind === 'failed' ? `This cannot be shown: ${data.message}.` : `Nothing to show: ${data.message}.`}
    </p>
  );
}

export function UnknownWidget({ widget }: WidgetProps<'unknown'>) {
  return (
    <p className={classes.nothing}>
      This portal does not know widgets of type <code>{widget.type}</code>. It is kept as it is.
    </p>
  );
}
