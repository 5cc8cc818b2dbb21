import { Menu } from '@mantine/core';
import { IconLogout, IconUserCircle } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { Link, useRouter } from '@tanstack/react-router';
import { nameOf, signOut } from '~/api/session';
import { useOpenSession } from '~/parts/session';
import classes from './Shell.module.css';

/** Who one is, and the way out. */
export function UserMenu() {
  const { viewer } = useOpenSession();
  const router = useRouter();
  const { mutate, isPending } = useMutation({
    mutationFn: signOut,
    // the sign-in page finds out by itself whether one is still in
    onSettled: () => router.navigate({ to: '/sign-in', replace: true }),
  });
  const development = viewer.principal === 'development';
  const name = development ? 'Local mode' : nameOf(viewer) || viewer.name;
  return (
    <Menu position="bottom-end" width={250}>
      <Menu.Target>
        <button type="button" className={classes.iconButton} aria-label={`Account: ${name}`} title={name}>
          <IconUserCircle size={17} stroke={1.6} aria-hidden />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <div className={classes.who}>
          <div className={classes.whoName}>{name}</div>
          {development ? (
            <p className="sd-dim">
              The server runs with <code>--dev</code>: nobody signs in, and everyone who can reach it is administrator.
            </p>
          ) : (
            <>
              {viewer.email && viewer.email !== name && <div className="sd-dim">{viewer.email}</div>}
              <div className="sd-dim">{[roles[viewer.role], ...viewer.teams].join(' · ')}</div>
            </>
          )}
        </div>
        {!development && (
          <>
            <Menu.Divider />
            <Menu.Item component={Link} to="/account" leftSection={<IconUserCircle size={15} stroke={1.6} aria-hidden />}>
              My account
            </Menu.Item>
            <Menu.Item leftSection={<IconLogout size={15} stroke={1.6} aria-hidden />} disabled={isPending} onClick={() => mutate()}>
              Sign out
            </Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

const roles = { Admin: 'Administrator', Member: 'Member' };
