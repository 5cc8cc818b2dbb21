import {
  IconActivity, IconApi, IconAppWindow, IconBell, IconBolt, IconBox, IconBrandDocker, IconBrandGithub, IconBug, IconBuilding,
  IconCloud, IconCode, IconCpu, IconDatabase, IconFileText, IconFlag, IconGitBranch, IconGitPullRequest, IconKey, IconLayoutDashboard,
  IconLock, IconMapPin, IconPackage, IconPoint, IconRobot, IconRocket, IconServer, IconShield, IconSitemap, IconStack2,
  IconTemplate, IconTicket, IconTopologyStar3, IconUser, IconUsers, IconWorld, type Icon,
} from '@tabler/icons-react';

/** By word: the identifier of a blueprint, or the name that Port gives an icon, in lower case. */
const icons: Record<string, Icon> = {
  component: IconBox, microservice: IconBox, service: IconBox, api: IconApi, swagger: IconApi, resource: IconServer,
  server: IconServer, system: IconPackage, package: IconPackage, domain: IconSitemap, org: IconBuilding,
  organization: IconBuilding, group: IconUsers, team: IconUsers, _team: IconUsers, twousers: IconUsers, user: IconUser,
  _user: IconUser, location: IconMapPin, template: IconTemplate, database: IconDatabase, db: IconDatabase,
  postgres: IconDatabase, datalake: IconDatabase, environment: IconStack2, cluster: IconTopologyStar3,
  k8s: IconTopologyStar3, kubernetes: IconTopologyStar3, namespace: IconTopologyStar3, workload: IconCpu, lambda: IconCode,
  function: IconCode, repository: IconGitBranch, git: IconGitBranch, github: IconBrandGithub,
  pullrequest: IconGitPullRequest, pipeline: IconRocket, deployment: IconRocket, deploy: IconRocket, release: IconRocket,
  alert: IconBell, incident: IconBell, pagerduty: IconBell, monitor: IconActivity, grafana: IconActivity,
  vulnerability: IconBug, bug: IconBug, issue: IconTicket, jira: IconTicket, website: IconWorld, cloud: IconCloud,
  aws: IconCloud, azure: IconCloud, gcp: IconCloud, region: IconCloud, docker: IconBrandDocker, image: IconBrandDocker,
  action: IconBolt, bolt: IconBolt, secret: IconKey, key: IconKey, lock: IconLock, certificate: IconLock, policy: IconShield, document: IconFileText, library: IconStack2,
  airesource: IconRobot, agent: IconRobot, skill: IconRobot, feature: IconFlag, dashboard: IconLayoutDashboard, barchart: IconLayoutDashboard, application: IconAppWindow, app: IconAppWindow,
};

/** The icon of a blueprint: by its identifier, else by the name of its icon, else a plain dot. */
export function BlueprintIcon({ blueprint, icon, size = 16 }: { blueprint: string; icon?: string | null; size?: number }) {
  const Found = find(blueprint) ?? (icon ? find(icon) : undefined) ?? IconPoint;
  return <Found size={size} stroke={1.6} aria-hidden />;
}

function find(name: string): Icon | undefined {
  const word = name.toLowerCase();
  if (icons[word]) return icons[word];
  // "awsRdsInstance" or "k8s_cluster": the last word that is known decides
  const parts = name.split(/(?=[A-Z])|[^A-Za-z0-9]+/).map((part) => part.toLowerCase());
  return parts.reverse().map((part) => icons[part] ?? icons[part.replace(/s$/, '')]).find(Boolean);
}
