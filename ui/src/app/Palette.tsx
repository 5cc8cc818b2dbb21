import { useMantineColorScheme } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconBookmark, IconChecklist, IconKeyboard, IconLogout, IconMoon, IconSun } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { hubQuery, nameOfOffer } from '~/api/actions';
import { suggestQuery } from '~/api/queries';
import { scorecardsQuery } from '~/api/scorecards';
import { signOut, why } from '~/api/session';
import type { Suggestions } from '~/api/types';
import { CommandPalette, type Command, type CommandGroup } from '~/kit/CommandPalette';
import { findBest } from '~/lib/fuzzy';
import { formatNumber, plainMarkdown, shorten } from '~/lib/text';
import { BlueprintIcon } from '~/parts/BlueprintIcon';
import { useModel } from '~/parts/model';
import { useSession } from '~/parts/session';
import { administrationPages, commands, mainPages, ownPages, standardsPages } from './pages';

const pages = [...mainPages, ...standardsPages, ...administrationPages, ...ownPages];

interface PaletteProps {
  opened: boolean;
  onClose: () => void;
  onHelp: () => void;
}

/** Ctrl/Cmd+K: goes to any entity, page or blueprint, and does what can be done from anywhere. */
export function Palette({ opened, onClose, onHelp }: PaletteProps) {
  const [query, setQuery] = useState('');
  const wanted = query.trim();
  const [typed] = useDebouncedValue(wanted, 60);
  const { data, isFetching } = useQuery({ ...suggestQuery(typed), enabled: opened });
  const settled = typed === wanted && !isFetching;
  const entities = useEntities(data, typed);
  const groups = [entities, useOffers(wanted, opened), useDashboards(wanted ? data : undefined), useSavedViews(wanted), useScorecards(wanted, opened), usePages(wanted), useCatalog(wanted), useCommands(wanted, onHelp)];
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

/** What is found; where nothing is typed, what was looked at last. */
function useEntities(found: Suggestions | undefined, typed: string): CommandGroup {
  const navigate = useNavigate();
  const { blueprints } = useModel();
  const links = found?.links ?? [];
  const hidden = (found?.total ?? 0) - links.length;
  const more = hidden > 0 ? `${formatNumber(hidden)} more match; type more to narrow them down.` : undefined;
  return {
    label: typed ? (found?.near ? `Nothing contains “${typed}”. Similar:` : 'Entities') : 'Recently viewed',
    note: typed ? more : undefined,
    commands: links.slice(0, typed ? 20 : 6).map((link) => ({
      id: `entity ${link.blueprint} ${link.identifier}`,
      icon: <BlueprintIcon blueprint={link.blueprint} icon={link.icon} />,
      title: link.title || link.identifier,
      detail: link.description ? shorten(plainMarkdown(link.description), 120) : link.ref,
      aside: blueprints.find(({ identifier }) => identifier === link.blueprint)?.title ?? link.blueprint,
      run: () => void navigate({ to: '/entity/$blueprint', params: { blueprint: link.blueprint }, search: { id: link.identifier } }),
    })),
  };
}

/** What can be run. */
function useOffers(wanted: string, opened: boolean): CommandGroup {
  const navigate = useNavigate();
  const { data } = useQuery({ ...hubQuery(), enabled: opened, staleTime: 30_000 });
  const offers = (data?.actions ?? []).filter(({ why: reason }) => !reason);
  const found = wanted ? findBest(offers, wanted, ({ title, identifier, tags }) => [title, `run ${title}`, `${identifier} ${tags.join(' ')}`]) : offers.filter(({ favourite }) => favourite);
  return {
    label: 'Run',
    commands: found.slice(0, 8).map((offer) => ({
      id: `run ${nameOfOffer(offer)}`,
      icon: <BlueprintIcon blueprint={offer.kind === 'template' ? 'template' : (offer.icon ?? 'deploy')} icon={offer.icon} />,
      title: offer.title,
      detail: offer.description ? shorten(plainMarkdown(offer.description), 120) : undefined,
      aside: offer.kind === 'template' ? 'Template' : 'Action',
      run: () => void navigate({ to: '/self-service/$kind/$id', params: { kind: offer.kind, id: offer.identifier } }),
    })),
  };
}

/** Pages that people have made. */
function useDashboards(found: Suggestions | undefined): CommandGroup {
  const navigate = useNavigate();
  return {
    label: 'Dashboards',
    commands: (found?.pages ?? []).filter(({ identifier }) => !identifier.startsWith('$')).map(({ identifier, title, icon }) => ({
      id: `dashboard ${identifier}`,
      icon: <BlueprintIcon blueprint="" icon={icon} />,
      title,
      detail: identifier,
      run: () => void navigate({ to: '/pages/$page', params: { page: identifier } }),
    })),
  };
}

/** Tables that somebody has saved. They are known with the model. */
function useSavedViews(wanted: string): CommandGroup {
  const navigate = useNavigate();
  const { views, blueprints } = useModel();
  const found = wanted ? findBest(views, wanted, ({ title, query }) => [title, query]) : [];
  return {
    label: 'Views',
    commands: found.slice(0, 8).map(({ id, title, query, blueprint }) => ({
      id: `view ${id}`,
      icon: <IconBookmark size={16} stroke={1.6} aria-hidden />,
      title,
      detail: query || undefined,
      aside: blueprints.find(({ identifier }) => identifier === blueprint)?.title ?? 'Everything',
      run: () => void navigate({ to: '/views/$id', params: { id }, search: {} }),
    })),
  };
}

/** Scorecards, by name. */
function useScorecards(wanted: string, opened: boolean): CommandGroup {
  const navigate = useNavigate();
  const { data } = useQuery({ ...scorecardsQuery, enabled: opened && wanted !== '', staleTime: 30_000 });
  const found = wanted ? findBest(data?.scorecards ?? [], wanted, ({ title, identifier }) => [title, identifier]) : [];
  return {
    label: 'Scorecards',
    commands: found.slice(0, 8).map(({ blueprint, blueprintTitle, identifier, title }) => ({
      id: `scorecard ${blueprint} ${identifier}`,
      icon: <IconChecklist size={16} stroke={1.6} aria-hidden />,
      title,
      detail: identifier,
      aside: blueprintTitle,
      run: () => void navigate({ to: '/scorecards/$blueprint/$scorecard', params: { blueprint, scorecard: identifier } }),
    })),
  };
}

function useCatalog(wanted: string): CommandGroup {
  const navigate = useNavigate();
  const { blueprints } = useModel();
  const found = findBest(blueprints, wanted, ({ title, identifier }) => [title, identifier]);
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
    commands: findBest(pages, wanted, ({ title, words }) => [title, `${title} ${words ?? ''}`]).map(({ to, title, icon: Icon, keys }) => ({
      id: `page ${to}`,
      icon: <Icon size={16} stroke={1.6} aria-hidden />,
      title,
      aside: keys,
      run: () => void navigate({ to }),
    })),
  };
}

interface Doing extends Command {
  words?: string;
}

function useCommands(wanted: string, onHelp: () => void): CommandGroup {
  const navigate = useNavigate();
  const session = useSession();
  const { colorScheme, setColorScheme } = useMantineColorScheme({ keepTransitions: true });
  const dark = colorScheme === 'dark' || (colorScheme === 'auto' && matchMedia('(prefers-color-scheme: dark)').matches);
  const ways: Doing[] = commands
    .filter(({ action }) => why(session, action) === undefined)
    .map(({ to, search, title, words, icon: Icon }) => ({
      id: `do ${title}`,
      icon: <Icon size={16} stroke={1.6} aria-hidden />,
      title,
      words,
      run: () => void navigate({ to, search }),
    }));
  const Theme = dark ? IconSun : IconMoon;
  const here: Doing[] = [
    {
      id: 'do theme',
      icon: <Theme size={16} stroke={1.6} aria-hidden />,
      title: dark ? 'Switch to the light theme' : 'Switch to the dark theme',
      words: 'theme dark light colours switch',
      run: () => setColorScheme(dark ? 'light' : 'dark'),
    },
    { id: 'do keyboard', icon: <IconKeyboard size={16} stroke={1.6} aria-hidden />, title: 'Keyboard shortcuts', words: 'help keys', aside: '?', run: onHelp },
  ];
  if (session.viewer && session.viewer.principal !== 'development') {
    here.push({
      id: 'do sign out',
      icon: <IconLogout size={16} stroke={1.6} aria-hidden />,
      title: 'Sign out',
      words: 'log out leave',
      run: () => void signOut().finally(() => navigate({ to: '/sign-in', replace: true })),
    });
  }
  return { label: 'Do', commands: findBest([...ways, ...here], wanted, ({ title, words }) => [title, `${title} ${words ?? ''}`]) };
}
