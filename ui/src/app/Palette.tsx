import { useDebouncedValue } from '@mantine/hooks';
import { Spotlight } from '@mantine/spotlight';
import { IconAffiliate, IconFilePlus, IconHome, IconPlugConnected, IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { suggestQuery } from '~/api/queries';
import { formatNumber, plainMarkdown, shorten } from '~/lib/text';
import { BlueprintIcon } from '~/parts/BlueprintIcon';
import { useModel } from '~/parts/model';
import classes from './Palette.module.css';

const pages = [
  { to: '/', title: 'Home', icon: IconHome },
  { to: '/model', title: 'Data model', icon: IconAffiliate },
  { to: '/sources', title: 'Sources', icon: IconPlugConnected },
  { to: '/documents', title: 'Add documents', icon: IconFilePlus },
] as const;

/** Ctrl/Cmd+K: goes to any entity, blueprint or page. */
export function Palette() {
  const [query, setQuery] = useState('');
  const [typed] = useDebouncedValue(query.trim(), 80);
  const suggestions = useQuery(suggestQuery(typed));
  const { blueprints } = useModel();
  const navigate = useNavigate();
  const matches = (...texts: string[]) => texts.some((text) => text.toLowerCase().includes(query.trim().toLowerCase()));
  const foundPages = pages.filter((page) => matches(page.title));
  const foundBlueprints = blueprints.filter((blueprint) => matches(blueprint.title, blueprint.identifier));
  const links = query.trim() ? (suggestions.data?.links ?? []) : [];
  const hidden = links.length > 0 ? Math.max(0, (suggestions.data?.total ?? 0) - links.length) : 0;
  const settled = typed === query.trim() && !suggestions.isFetching;
  const nothing = foundPages.length + foundBlueprints.length + links.length === 0;

  return (
    <Spotlight.Root
      query={query}
      onQueryChange={setQuery}
      shortcut="mod + K"
      tagsToIgnore={[]}
      scrollable
      maxHeight="60vh"
      size={620}
      transitionProps={{ duration: 0 }}
      overlayProps={{ backgroundOpacity: 0.35 }}
      aria-label="Search"
    >
      <Spotlight.Search placeholder="Find entities, blueprints and pages" leftSection={<IconSearch size={16} aria-hidden />} aria-label="Search" />
      <Spotlight.ActionsList>
        {links.length > 0 && (
          <Spotlight.ActionsGroup label="Entities">
            {links.map((link) => (
              <Spotlight.Action
                key={`${link.blueprint} ${link.identifier}`}
                className={classes.action}
                onClick={() =>
                  void navigate({ to: '/entity/$blueprint', params: { blueprint: link.blueprint }, search: { id: link.identifier } })
                }
              >
                <BlueprintIcon blueprint={link.blueprint} icon={link.icon} />
                <span className={classes.name}>{link.title}</span>
                <span className={classes.detail}>
                  {link.description ? shorten(plainMarkdown(link.description), 90) : link.ref}
                </span>
                <span className={classes.kind}>{titleOf(blueprints, link.blueprint)}</span>
              </Spotlight.Action>
            ))}
          </Spotlight.ActionsGroup>
        )}
        {hidden > 0 && <p className={classes.note}>{formatNumber(hidden)} more entities match; type more to narrow them down.</p>}
        {foundBlueprints.length > 0 && (
          <Spotlight.ActionsGroup label="Catalog">
            {foundBlueprints.map((blueprint) => (
              <Spotlight.Action
                key={blueprint.identifier}
                className={classes.action}
                onClick={() => void navigate({ to: '/catalog/$blueprint', params: { blueprint: blueprint.identifier } })}
              >
                <BlueprintIcon blueprint={blueprint.identifier} icon={blueprint.icon} />
                <span className={classes.name}>{blueprint.title}</span>
                <span className={classes.detail} />
                <span className={classes.kind}>{formatNumber(blueprint.count)}</span>
              </Spotlight.Action>
            ))}
          </Spotlight.ActionsGroup>
        )}
        {foundPages.length > 0 && (
          <Spotlight.ActionsGroup label="Pages">
            {foundPages.map((page) => (
              <Spotlight.Action key={page.to} className={classes.action} onClick={() => void navigate({ to: page.to })}>
                <page.icon size={16} stroke={1.6} aria-hidden />
                <span className={classes.name}>{page.title}</span>
              </Spotlight.Action>
            ))}
          </Spotlight.ActionsGroup>
        )}
        {nothing && <Spotlight.Empty>{settled ? `Nothing matches “${query.trim()}”.` : 'Searching…'}</Spotlight.Empty>}
      </Spotlight.ActionsList>
    </Spotlight.Root>
  );
}

const titleOf = (blueprints: { identifier: string; title: string }[], identifier: string) =>
  blueprints.find((blueprint) => blueprint.identifier === identifier)?.title ?? identifier;

