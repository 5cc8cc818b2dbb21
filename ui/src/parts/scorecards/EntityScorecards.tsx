import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { entityScorecardsQuery } from '~/api/scorecards';
import { Empty, Waiting } from '~/kit/Page';
import { ProblemLine } from '~/kit/Problem';
import { AskExemption } from './AskExemption';
import { ScorecardCard } from './ScorecardCard';
import classes from './scorecards.module.css';

/** What the scorecards say of one entity. */
export function EntityScorecards({ blueprint, entity }: { blueprint: string; entity: string }) {
  const { data, error } = useQuery(entityScorecardsQuery(blueprint, entity));
  if (error) return <ProblemLine level="error" message={error.message} />;
  if (!data) return <Waiting />;
  const { scorecards, notApplicable } = data;
  if (scorecards.length + notApplicable.length === 0) {
    return (
      <Empty title="No scorecard is about this.">
        <Link to="/scorecards">Scorecards</Link> say what good looks like, by blueprint.
      </Empty>
    );
  }
  return (
    <div className={classes.cards}>
      {scorecards.map((scorecard) => (
        <ScorecardCard
          key={scorecard.identifier}
          blueprint={blueprint}
          entity={entity}
          scorecard={scorecard}
          tools={({ identifier, title, status }) => (status === 'exempt' ? null : <AskExemption of={{ blueprint, entity, scorecard: scorecard.identifier, rule: identifier }} title={title} />)}
        />
      ))}
      {notApplicable.length > 0 && (
        <p className="sd-dim">
          Not applicable:{' '}
          {notApplicable.map(({ identifier, title }, i) => (
            <span key={identifier}>
              {i > 0 && ', '}
              <Link to="/scorecards/$blueprint/$scorecard" params={{ blueprint, scorecard: identifier }}>
                {title}
              </Link>
            </span>
          ))}
          .
        </p>
      )}
    </div>
  );
}
