import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { suggestQuery } from '~/api/queries';
import { why } from '~/api/session';
import type { Suggestions } from '~/api/types';
import { CommandPalette, type CommandGroup } from '~/kit/CommandPalette';
import { formatNumber, plainMarkdown, shorten } from '~/lib/text';
import { BlueprintIcon } from '~/parts/BlueprintIcon';
import { useModel } from '~/parts/model';
import { useSession } from '~/parts/session';
import { administrationPages, mainPages, ownPages, shortcuts } from './pages';

const pages = [...mainPages, ...administrationPages, ...ownPages];

/** Ctrl/Cmd+K: goes to any entity, blueprint or page. */
export function Palette({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const [query, setQuery] = useState('');
  const wanted = query.trim();
  const [typed] = useDebouncedValue(wanted, 80);
  const { data, isFetching } = useQuery(suggestQuery(typed));
  const settled = typed === wanted && !isFetching;
  const groups = [useEntities(wanted ? data : undefined), useCatalog(wanted), usePages(wanted), useShortcuts(wanted)];
  const close = () => {
    onClose();
    setQuery('');
  };
  return (
    <CommandPalette
      opened={opened}
      onClose={close}
      query={query}
      onQuery={setQuery}
      label="Find entities, blueprints and pages"
      groups={groups}
      empty={settled ? `Nothing matches “${wanted}”.` : 'Searching…'}
    />
  );
}

function useEntities(found: Suggestions | undefined): CommandGroup {
  const navigate = useNavigate();
  const { blueprints } = useModel();
  const links = found?.links ?? [];
  const hidden = (found?.total ?? 0) - links.length;
  return {
    label: 'Entities',
    note: hidden > 0 ? `${formatNumber(hidden)} more match; type more to narrow them down.` : undefined,
    commands: links.map((link) => ({
      id: `entity ${link.blueprint} ${link.identifier}`,
      icon: <BlueprintIcon blueprint={link.blueprint} icon={link.icon} />,
      title: link.title || link.identifier,
      detail: link.description ? shorten(plainMarkdown(link.description), 120) : link.ref,
      aside: blueprints.find(({ identifier }) => identifier === link.blueprint)?.title ?? link.blueprint,
      run: () => void navigate({ to: '/entity/$blueprint', params: { blueprint: link.blueprint }, search: { id: link.identifier } }),
    })),
  };
}

function useCatalog(wanted: string): CommandGroup {
  const navigate = useNavigate();
  const { blueprints } = useModel();
  const found = blueprints.filter(({ title, identifier }) => contains(title, wanted) || contains(identifier, wanted));
  return {
    label: 'Catalog',
    commands: found.map(({ identifier, title, icon, count }) => ({
      id: `blueprint ${identifier}`,
      icon: <BlueprintIcon blueprint={identifier} icon={icon} />,
      title,
      aside: formatNumber(count),
      run: () => void navigate({ to: '/catalog/$blueprint', params: { blueprint: identifier } }),
    })),
  };
}

function usePages(wanted: string): CommandGroup {
  const navigate = useNavigate();
  return {
    label: 'Pages',
    commands: pages
      .filter(({ title }) => contains(title, wanted))
      .map(({ to, title, icon: Icon }) => ({
        id: `page ${to}`,
        icon: <Icon size={16} stroke={1.6} aria-hidden />,
        title,
        run: () => void navigate({ to }),
      })),
  };
}

function useShortcuts(wanted: string): CommandGroup {
  const navigate = useNavigate();
  const session = useSession();
  return {
    label: 'Do',
    commands: shortcuts
      .filter(({ title, action }) => contains(title, wanted) && why(session, action) === undefined)
      .map(({ to, search, title, icon: Icon }) => ({
        id: `do ${title}`,
        icon: <Icon size={16} stroke={1.6} aria-hidden />,
        title,
        run: () => void navigate({ to, search }),
      })),
  };
}

const contains = (text: string, part: string) => text.toLowerCase().includes(part.toLowerCase());
