import {
  IconAffiliate,
  IconBolt,
  IconChecklist,
  IconFilePlus,
  IconHistory,
  IconHome,
  IconKey,
  IconLayoutDashboard,
  IconPlayerPlay,
  IconPlugConnected,
  IconRobot,
  IconSettingsBolt,
  IconShieldCheck,
  IconTargetArrow,
  IconTemplate,
  IconTool,
  IconThumbUp,
  IconUserCircle,
  IconUserPlus,
  IconUsers,
  IconUsersGroup,
  type Icon,
} from '@tabler/icons-react';

interface PageEntry {
  to: '/' | '/self-service' | '/runs' | '/approvals' | '/scorecards' | '/scorecards/next' | '/scorecards/exemptions' | '/scorecards/campaigns' | '/actions' | '/templates' | '/pages' | '/model' | '/sources' | '/documents' | '/people' | '/teams' | '/service-accounts' | '/secrets' | '/audit' | '/account';
  title: string;
  icon: Icon;
  /** What one must be allowed to see it. */
  action?: string;
  /** Keys that lead there, one after the other. */
  keys?: string;
  /** What else it may be looked for by. */
  words?: string;
}

/** The pages of the navigation, and of the palette. */
export const mainPages: PageEntry[] = [
  { to: '/', title: 'Home', icon: IconHome, keys: 'g h' },
  { to: '/self-service', title: 'Self-service', icon: IconBolt, keys: 'g f', words: 'actions templates run scaffolder create hub' },
  { to: '/runs', title: 'Runs', icon: IconPlayerPlay, keys: 'g r', words: 'history tasks jobs executions' },
  { to: '/approvals', title: 'Approvals', icon: IconThumbUp, keys: 'g v', words: 'waiting approve decline inbox' },
  { to: '/scorecards', title: 'Scorecards', icon: IconChecklist, keys: 'g k', words: 'standards levels rules checks maturity tech insights' },
  { to: '/pages', title: 'Pages', icon: IconLayoutDashboard, keys: 'g b', words: 'dashboards boards charts folders sidebar' },
  { to: '/model', title: 'Data model', icon: IconAffiliate, keys: 'g m', words: 'blueprints schema builder' },
  { to: '/sources', title: 'Sources', icon: IconPlugConnected, keys: 'g s', words: 'locations integrations providers conflicts' },
  { to: '/documents', title: 'Add documents', icon: IconFilePlus, action: 'HandOverDocuments', keys: 'g d', words: 'yaml catalog-info import' },
];

export const administrationPages: PageEntry[] = [
  { to: '/actions', title: 'Actions and automations', icon: IconSettingsBolt, action: 'CreateAction', words: 'builder define webhook event' },
  { to: '/templates', title: 'Template editor', icon: IconTemplate, action: 'DryRunTemplate', words: 'scaffolder yaml dry run try' },
  { to: '/people', title: 'People', icon: IconUsers, action: 'ReadUsers', keys: 'g p', words: 'users members' },
  { to: '/teams', title: 'Teams', icon: IconUsersGroup, action: 'ReadTeams', keys: 'g t', words: 'groups' },
  { to: '/service-accounts', title: 'Service accounts', icon: IconRobot, action: 'ReadServiceAccounts' },
  { to: '/secrets', title: 'Secrets', icon: IconKey, action: 'ReadSecrets' },
  { to: '/audit', title: 'Audit log', icon: IconHistory, action: 'ReadAuditLog', keys: 'g a', words: 'history log who' },
];

/** Reached through the user menu. */
export const ownPages: PageEntry[] = [{ to: '/account', title: 'My account', icon: IconUserCircle, keys: 'g i', words: 'profile password tokens keyboard settings' }];

/** Reached from the pages about scorecards. */
export const standardsPages: PageEntry[] = [
  { to: '/scorecards/next', title: 'What to fix next', icon: IconTool, keys: 'g x', words: 'failing checks my team scorecards' },
  { to: '/scorecards/exemptions', title: 'Exemptions', icon: IconShieldCheck, words: 'scorecards waivers exceptions' },
  { to: '/scorecards/campaigns', title: 'Campaigns', icon: IconTargetArrow, words: 'scorecards initiatives goals deadlines' },
];

interface Command {
  to: '/actions' | '/scorecards' | '/scorecards/campaigns' | '/people' | '/teams' | '/service-accounts' | '/secrets' | '/documents' | '/sources' | '/model' | '/pages' | '/';
  search?: Record<string, unknown>;
  title: string;
  icon: Icon;
  action: string;
  words?: string;
}

/** What the palette does by going somewhere, for whoever may. What it does on the spot is in `Palette.tsx`. */
export const commands: Command[] = [
  { to: '/documents', title: 'Paste a catalog-info.yaml', icon: IconFilePlus, action: 'HandOverDocuments', words: 'add entity component import documents' },
  { to: '/actions', search: { create: 'action' }, title: 'New action', icon: IconBolt, action: 'CreateAction', words: 'self-service define' },
  { to: '/actions', search: { create: 'automation' }, title: 'New automation', icon: IconSettingsBolt, action: 'CreateAction', words: 'event trigger' },
  { to: '/scorecards', search: { create: true }, title: 'New scorecard', icon: IconChecklist, action: 'CreateScorecard', words: 'standard rule level' },
  { to: '/scorecards', search: { starters: true }, title: 'Install a starter scorecard', icon: IconChecklist, action: 'CreateScorecard', words: 'standard production readiness ownership security' },
  { to: '/scorecards/campaigns', search: { create: true }, title: 'New campaign', icon: IconTargetArrow, action: 'UpdateCampaigns', words: 'initiative goal scorecard' },
  { to: '/pages', search: { create: true }, title: 'New dashboard', icon: IconLayoutDashboard, action: 'CreatePage', words: 'add page board chart' },
  { to: '/model', search: { create: true }, title: 'New blueprint', icon: IconAffiliate, action: 'CreateBlueprint', words: 'create type template model' },
  { to: '/sources', search: { register: true }, title: 'Register a location', icon: IconPlugConnected, action: 'RegisterLocation', words: 'source repository url add' },
  { to: '/', search: { arrange: true }, title: 'Arrange the home page', icon: IconHome, action: 'UpdatePersonalSettings', words: 'layout order hide links pin' },
  { to: '/', search: { examples: true }, title: 'Add or remove the examples', icon: IconPlayerPlay, action: 'CreateAction', words: 'demo try sample getting started' },
  { to: '/people', search: { invite: true }, title: 'Invite somebody', icon: IconUserPlus, action: 'CreateUser', words: 'new person user member' },
  { to: '/teams', search: { create: true }, title: 'New team', icon: IconUsersGroup, action: 'CreateTeam' },
  { to: '/service-accounts', search: { create: true }, title: 'New service account', icon: IconRobot, action: 'CreateServiceAccount' },
  { to: '/secrets', search: { create: true }, title: 'New secret', icon: IconKey, action: 'CreateSecret' },
];

export type { PageEntry };
