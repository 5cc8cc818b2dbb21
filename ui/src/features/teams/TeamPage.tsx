import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { changeTeam, removeTeam, teamsQuery, type Team } from '~/api/people';
import { Confirm } from '~/kit/Confirm';
import { Mono } from '~/kit/Mono';
import { Empty, Page, Section, Waiting } from '~/kit/Page';
import { ProblemLine } from '~/kit/Problem';
import { AllowedPage } from '~/parts/Allowed';
import { useDocumentTitle } from '~/parts/model';
import { useWhyNot } from '~/parts/session';
import { useChange } from '~/parts/useChange';
import { TeamForm, type TeamBody } from './TeamForm';
import classes from './teams.module.css';

const route = getRouteApi('/_in/team');

/** One team, to be changed; a group of the catalog, to be looked at. */
export function TeamPage() {
  const { id } = route.useSearch();
  const { data, error } = useQuery(teamsQuery);
  const team = data?.find(({ identifier }) => identifier === id);
  const title = team?.name ?? id;
  return (
    <Page documentTitle={useDocumentTitle(title, 'Teams')} title={title} subtitle={team && team.name !== team.identifier && <Mono>{team.identifier}</Mono>}>
      <AllowedPage action="ReadTeams">
        {error && <ProblemLine level="error" message={error.message} />}
        {!data && !error && <Waiting />}
        {data && !team && (
          <Empty title="There is no such team.">
            <Link to="/teams">See all teams</Link>
          </Empty>
        )}
        {team && (team.provider === 'backstage' ? <Group team={team} /> : <Own key={JSON.stringify(team)} team={team} />)}
      </AllowedPage>
    </Page>
  );
}

function Own({ team }: { team: Team }) {
  const why = useWhyNot('UpdateTeam');
  const whyDelete = useWhyNot('DeleteTeam');
  const change = useChange((body: TeamBody) => changeTeam(team.identifier, body));
  const remove = useChange(() => removeTeam(team.identifier));
  return (
    <>
      <TeamForm team={team} submit="Save" busy={change.isPending} error={change.error} done={change.isSuccess} onSubmit={change.mutate} why={why} />
      <Section title="Delete">
        <div className={classes.danger}>
          <Confirm label="Delete the team…" title={`Delete ${team.name}?`} confirm="Delete" why={whyDelete} run={() => remove.mutateAsync(undefined)}>
            Nobody is in it any more. What it owned stays, without this owner.
          </Confirm>
        </div>
      </Section>
    </>
  );
}

function Group({ team }: { team: Team }) {
  return (
    <>
      <p className={classes.lead}>
        This team is a group of the catalog: what it is called and who is in it comes from its source, and is changed there.
      </p>
      <Section title="People">
        {team.users.length === 0 ? (
          <p className={classes.lead}>Nobody with an account here is in it.</p>
        ) : (
          <ul className={classes.people}>
            {team.users.map(({ email }) => (
              <li key={email}>
                <Link to="/person" search={{ id: email }} className={classes.link}>
                  {email}
                </Link>
              </li>
            ))}
          </ul>
        )}
      </Section>
    </>
  );
}
