import { AppShell, Burger } from '@mantine/core';
import { useDisclosure, useHotkeys } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { Link, Outlet, useRouter } from '@tanstack/react-router';
import { useEffect } from 'react';
import { useOpenSession, useSession } from '~/parts/session';
import { expel } from './entry';
import { Nav } from './Nav';
import { Palette } from './Palette';
import classes from './Shell.module.css';
import { ThemeMenu } from './ThemeMenu';
import { UserMenu } from './UserMenu';
import { useLive } from './useLive';

const mac = /Mac|iP(hone|ad)/.test(navigator.platform);

export function Shell() {
  const [opened, { toggle, close }] = useDisclosure(false);
  const [searching, palette] = useDisclosure(false);
  useHotkeys([['mod+K', palette.toggle]], []);
  useLive();
  useExpulsion();
  return (
    <AppShell
      header={{ height: 48 }}
      navbar={{ width: 232, breakpoint: 'sm', collapsed: { mobile: !opened } }}
      padding={0}
      transitionDuration={0}
      classNames={{ header: classes.header, navbar: classes.navbar, main: classes.main }}
    >
      <a className={classes.skip} href="#main" onClick={focusMain}>
        Skip to the content
      </a>
      <AppShell.Header>
        <Burger
          opened={opened}
          onClick={toggle}
          hiddenFrom="sm"
          size="sm"
          lineSize={1.5}
          aria-label={opened ? 'Close navigation' : 'Open navigation'}
          aria-expanded={opened}
        />
        <Brand />
        <button type="button" className={classes.search} onClick={palette.open} aria-label="Search" aria-keyshortcuts="Control+K Meta+K">
          <IconSearch size={14} aria-hidden />
          <span className={classes.searchText}>Search</span>
          <kbd className={classes.kbd}>{mac ? '⌘K' : 'Ctrl K'}</kbd>
        </button>
        <ThemeMenu />
        <UserMenu />
      </AppShell.Header>
      <AppShell.Navbar aria-label="Main">
        <Nav onNavigate={close} />
      </AppShell.Navbar>
      <AppShell.Main id="main" tabIndex={-1}>
        <Outlet />
      </AppShell.Main>
      <Palette opened={searching} onClose={palette.close} />
    </AppShell>
  );
}

/** A session can end while nobody clicks: in another window, by an administrator, by its time. */
function useExpulsion() {
  const router = useRouter();
  const { viewer } = useSession();
  useEffect(() => {
    if (viewer === null) expel(router);
  }, [viewer, router]);
}

function Brand() {
  const session = useOpenSession();
  return (
    <div className={classes.brand}>
      <Link to="/" className={classes.title}>
        {session.title}
      </Link>
      {session.viewer.principal === 'development' && (
        <span className={classes.mode} title="The server runs in its local mode, reachable from this machine only.">
          <span className={classes.modeLong}>Local mode: everyone is administrator</span>
          <span className={classes.modeShort} aria-hidden>
            Local mode
          </span>
        </span>
      )}
    </div>
  );
}

// the hash of the address belongs to the router, so the jump is made by hand
function focusMain(event: React.MouseEvent) {
  event.preventDefault();
  document.getElementById('main')?.focus();
}
