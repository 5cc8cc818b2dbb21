import { IconChevronRight } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { SidebarItem } from '~/api/pages';
import type { Blueprint } from '~/api/types';
import { formatNumber } from '~/lib/text';
import { BlueprintIcon } from '~/parts/BlueprintIcon';
import { useCatalogBlueprints } from '~/parts/model';
import { useSidebar } from '~/parts/sidebar';
import { NavSection } from './NavSection';
import classes from './Shell.module.css';

/** The catalog of the sidebar: folders, dashboards and tables of blueprints, as they are arranged under “Pages”. */
export function CatalogTree() {
  const items = useSidebar();
  const blueprints = useCatalogBlueprints();
  // system blueprints with entities have no page of their own in the tree
  const others = blueprints.filter((blueprint) => blueprint.identifier.startsWith('_'));
  const pages = items.filter((item) => item.sidebarType === 'page').length + others.length;
  if (items.length + others.length === 0) return null;
  return (
    <NavSection name="catalog" title="Catalog" count={pages}>
      <Level items={items} parent={undefined} blueprints={new Map(blueprints.map((one) => [one.identifier, one]))} />
      <ul>
        {others.map((blueprint) => (
          <li key={blueprint.identifier}>
            <CatalogLink title={blueprint.title} blueprint={blueprint} />
          </li>
        ))}
      </ul>
    </NavSection>
  );
}

interface LevelProps {
  items: SidebarItem[];
  parent: string | undefined;
  blueprints: Map<string, Blueprint>;
}

function Level({ items, parent, blueprints }: LevelProps) {
  const here = items.filter((item) => item.parent === parent);
  return (
    <ul className={parent === undefined ? undefined : classes.nested}>
      {filledFirst(here, blueprints).map((item) => (
        <li key={`${item.sidebarType} ${item.identifier}`}>
          {item.sidebarType === 'folder' ? <Folder folder={item} items={items} blueprints={blueprints} /> : <Entry item={item} blueprints={blueprints} />}
        </li>
      ))}
    </ul>
  );
}

/** Tables of blueprints without entities come last, as long as nobody has arranged them. */
function filledFirst(items: SidebarItem[], blueprints: Map<string, Blueprint>): SidebarItem[] {
  const empty = (item: SidebarItem) => item.standard === true && item.parent === undefined && blueprints.get(item.blueprint ?? '')?.count === 0;
  return [...items.filter((item) => !empty(item)), ...items.filter(empty)];
}

const keyOf = (folder: string) => `stagedoor-folder-${folder}`;

/** A folder that can be closed; this browser remembers it. */
function Folder({ folder, items, blueprints }: { folder: SidebarItem; items: SidebarItem[]; blueprints: Map<string, Blueprint> }) {
  const [open, setOpen] = useState(() => localStorage.getItem(keyOf(folder.identifier)) === null);
  const toggle = () => {
    if (open) localStorage.setItem(keyOf(folder.identifier), 'closed');
    else localStorage.removeItem(keyOf(folder.identifier));
    setOpen(!open);
  };
  return (
    <>
      <button
        type="button"
        className={`${classes.item} ${classes.folder}`}
        aria-expanded={open}
        onClick={(event) => {
          // on a phone a click in the navigation closes it; this one leads nowhere
          event.stopPropagation();
          toggle();
        }}
      >
        <IconChevronRight size={14} stroke={1.8} aria-hidden />
        <span className={classes.itemText}>{folder.title}</span>
      </button>
      {open && <Level items={items} parent={folder.identifier} blueprints={blueprints} />}
    </>
  );
}

function Entry({ item, blueprints }: { item: SidebarItem; blueprints: Map<string, Blueprint> }) {
  const blueprint = blueprints.get(item.blueprint ?? '');
  // a blueprint's page is its table until somebody puts other widgets on it
  if (item.type === 'blueprint-entities' && item.standard === true && blueprint) return <CatalogLink title={item.title} blueprint={blueprint} />;
  return (
    <Link to="/pages/$page" params={{ page: item.identifier }} className={classes.item} activeOptions={{ includeSearch: false }}>
      <BlueprintIcon blueprint={item.blueprint ?? item.identifier} icon={item.icon ?? 'dashboard'} />
      <span className={classes.itemText}>{item.title}</span>
    </Link>
  );
}

function CatalogLink({ title, blueprint }: { title: string; blueprint: Blueprint }) {
  return (
    <Link to="/catalog/$blueprint" params={{ blueprint: blueprint.identifier }} className={classes.item} activeOptions={{ includeSearch: false }}>
      <BlueprintIcon blueprint={blueprint.identifier} icon={blueprint.icon} />
      <span className={classes.itemText}>{title}</span>
      <span className={classes.itemCount}>{formatNumber(blueprint.count)}</span>
    </Link>
  );
}
