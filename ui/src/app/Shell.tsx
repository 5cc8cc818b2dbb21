import { AppShell, Burger } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { Link, Outlet, useRouter } from '@tanstack/react-router';
import { useEffect } from 'react';
import { useKeyboard } from '~/kit/shortcuts';
import { useOpenSession, useSession } from '~/parts/session';
import { Arrival } from './Arrival';
import { ConnectionMark } from './ConnectionMark';
import { expel } from './entry';
import { KeyboardHelp } from './KeyboardHelp';
import { Nav } from './Nav';
import { Palette } from './Palette';
import classes from './Shell.module.css';
import { ThemeMenu } from './ThemeMenu';
import { UserMenu } from './UserMenu';
import { useAppShortcuts } from './useAppShortcuts';
import { useLive } from './useLive';
import { useViewed } from './useViewed';

const mac = /Mac|iP(hone|ad)/.test(navigator.platform);

export function Shell() {
  const [opened, { toggle, close }] = useDisclosure(false);
  const [searching, palette] = useDisclosure(false);
  const [helping, help] = useDisclosure(false);
  useKeyboard();
  useAppShortcuts({ palette: palette.toggle, help: help.open });
  useLive();
  useViewed();
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
        <ConnectionMark />
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
      <Arrival />
      <Palette opened={searching} onClose={palette.close} onHelp={help.open} />
      <KeyboardHelp opened={helping} onClose={help.close} />
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
