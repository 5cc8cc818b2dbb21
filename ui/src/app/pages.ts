import {
  IconAffiliate,
  IconFilePlus,
  IconHistory,
  IconHome,
  IconKey,
  IconPlugConnected,
  IconRobot,
  IconUserCircle,
  IconUserPlus,
  IconUsers,
  IconUsersGroup,
  type Icon,
} from '@tabler/icons-react';

interface PageEntry {
  to: '/' | '/model' | '/sources' | '/documents' | '/people' | '/teams' | '/service-accounts' | '/secrets' | '/audit' | '/account';
  title: string;
  icon: Icon;
  /** What one must be allowed to see it. */
  action?: string;
}

/** The pages of the navigation, and of the palette. */
export const mainPages: PageEntry[] = [
  { to: '/', title: 'Home', icon: IconHome },
  { to: '/model', title: 'Data model', icon: IconAffiliate },
  { to: '/sources', title: 'Sources', icon: IconPlugConnected },
  { to: '/documents', title: 'Add documents', icon: IconFilePlus, action: 'HandOverDocuments' },
];

export const administrationPages: PageEntry[] = [
  { to: '/people', title: 'People', icon: IconUsers, action: 'ReadUsers' },
  { to: '/teams', title: 'Teams', icon: IconUsersGroup, action: 'ReadTeams' },
  { to: '/service-accounts', title: 'Service accounts', icon: IconRobot, action: 'ReadServiceAccounts' },
  { to: '/secrets', title: 'Secrets', icon: IconKey, action: 'ReadSecrets' },
  { to: '/audit', title: 'Audit log', icon: IconHistory, action: 'ReadAuditLog' },
];

/** Reached through the user menu. */
export const ownPages: PageEntry[] = [{ to: '/account', title: 'My account', icon: IconUserCircle }];

interface Shortcut {
  to: '/people' | '/teams' | '/service-accounts' | '/secrets';
  search: { invite: true } | { create: true };
  title: string;
  icon: Icon;
  action: string;
}

/** Windows that the palette opens, for whoever may use them. */
export const shortcuts: Shortcut[] = [
  { to: '/people', search: { invite: true }, title: 'Invite somebody', icon: IconUserPlus, action: 'CreateUser' },
  { to: '/teams', search: { create: true }, title: 'New team', icon: IconUsersGroup, action: 'CreateTeam' },
  { to: '/service-accounts', search: { create: true }, title: 'New service account', icon: IconRobot, action: 'CreateServiceAccount' },
  { to: '/secrets', search: { create: true }, title: 'New secret', icon: IconKey, action: 'CreateSecret' },
];

export type { PageEntry };
