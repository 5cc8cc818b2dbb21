import { IconArrowDown, IconArrowRight, IconArrowUp } from '@tabler/icons-react';
import { useEffect, useMemo, useRef, useState } from 'react';
import { targetOptions } from '~/api/options';
import type { ScorecardDefinition, ScorecardPreview } from '~/api/scorecards';
import { Dim, Mono } from '~/kit/Mono';
import { Waiting } from '~/kit/Page';
import { ProblemLine } from '~/kit/Problem';
import { count, formatNumber } from '~/lib/text';
import { EntityLink } from '~/parts/EntityLink';
import { SearchField } from '~/parts/form/fields/SearchField';
import { passShare, percent, signed } from '~/parts/scorecards/counts';
import { CountsBar, inWords } from '~/parts/scorecards/CountsBar';
import { LevelBadge } from '~/parts/scorecards/Level';
import { ScorecardCard } from '~/parts/scorecards/ScorecardCard';
import { rulesOf } from './definition';
import classes from './editor.module.css';

interface PreviewProps {
  blueprint: string;
  /** There is nothing to compare it with. */
  isNew: boolean;
  definition: ScorecardDefinition;
  preview: ScorecardPreview | undefined;
  error: Error | null;
  entity: string | undefined;
  onEntity: (entity: string | undefined) => void;
  /** Leads to a place in the text. */
  onPlace: (pointer: string) => void;
}

/** What it would do to everything that there is, before it is published: old against new. */
export function Preview({ blueprint, isNew, definition, preview, error, entity, onEntity, onPlace }: PreviewProps) {
  if (error && !preview) return <ProblemLine level="error" message={error.message} />;
  if (!preview) return <Waiting lines={6} />;
  return (
    <div className={classes.effect}>
      {error && <ProblemLine level="error" message={error.message} />}
      {preview.problems.map(({ path, message }) => (
        <ProblemLine key={`${path} ${message}`} level="error" message={message}>
          {path && (
            <button type="button" className={classes.place} onClick={() => onPlace(path)}>
              <Mono wrap>{path}</Mono>
            </button>
          )}
        </ProblemLine>
      ))}
      {preview.problems.length === 0 && <Fleet blueprint={blueprint} isNew={isNew} definition={definition} preview={preview} />}
      <OneEntity blueprint={blueprint} preview={preview} entity={entity} onEntity={onEntity} />
    </div>
  );
}

function Fleet({ blueprint, isNew, definition, preview }: { blueprint: string; isNew: boolean; definition: ScorecardDefinition; preview: ScorecardPreview }) {
  const { levels, rules, applies, changes } = preview;
  const titles = useMemo(() => new Map(rulesOf(definition).map(({ identifier, title }) => [identifier, title])), [definition]);
  return (
    <section aria-label="Effect on all">
      <h2 className={classes.title}>Effect on {count(applies, 'entity', 'entities')}</h2>
      {!isNew && (
        <p className={classes.moves}>
          <span className={classes.up}>
            <IconArrowUp size={14} aria-hidden /> {formatNumber(changes.up)} up
          </span>
          <span className={classes.down}>
            <IconArrowDown size={14} aria-hidden /> {formatNumber(changes.down)} down
          </span>
          <Dim>{formatNumber(changes.total)} change their level</Dim>
        </p>
      )}
      <table className={classes.table}>
        <thead>
          <tr>
            <th scope="col">Level</th>
            {!isNew && <th scope="col">Now</th>}
            <th scope="col">{isNew ? 'Entities' : 'Then'}</th>
            {!isNew && <th scope="col">Change</th>}
          </tr>
        </thead>
        <tbody>
          {levels.map((level) => (
            <tr key={level.title}>
              <th scope="row">
                <LevelBadge level={level.title} of={levels} />
              </th>
              {!isNew && <td>{level.before ?? '–'}</td>}
              <td>{formatNumber(level.count)}</td>
              {!isNew && <td>{signed(level.count - (level.before ?? 0))}</td>}
            </tr>
          ))}
        </tbody>
      </table>
      <ul className={classes.ruleShares} aria-label="Rules">
        {rules.map((rule) => (
          <li key={rule.identifier} title={inWords(rule)}>
            <span className={classes.ruleName}>{titles.get(rule.identifier) || rule.identifier}</span>
            <CountsBar counts={rule} />
            <span>
              {rule.before && `${percent(passShare(rule.before))} → `}
              {percent(passShare(rule))}
            </span>
          </li>
        ))}
      </ul>
      {!isNew && changes.examples.length > 0 && (
        <ul className={classes.examples} aria-label="Examples of what changes">
          {changes.examples.map(({ entity, from, to }) => (
            <li key={entity.identifier}>
              <EntityLink inline link={{ blueprint, ...entity, ref: entity.identifier, exists: true }} /> {from ?? 'not applicable'} <IconArrowRight size={12} role="img" aria-label="to" /> {to ?? 'not applicable'}
            </li>
          ))}
          {changes.total > changes.examples.length && <li className="sd-dim">and {formatNumber(changes.total - changes.examples.length)} more</li>}
        </ul>
      )}
    </section>
  );
}

function OneEntity({ blueprint, preview, entity, onEntity }: Pick<PreviewProps, 'blueprint' | 'entity' | 'onEntity'> & { preview: ScorecardPreview }) {
  const [shown, setShown] = useState<string>();
  const result = useRef<HTMLDivElement>(null);
  const there = Boolean(preview.entity);
  // it may lie below what is in sight
  useEffect(() => {
    if (entity && there) result.current?.scrollIntoView({ block: 'nearest' });
  }, [entity, there]);
  return (
    <section aria-label="Effect on one">
      <SearchField
        path="/$one"
        name="$one"
        schema={{ type: 'string' }}
        label="Try it with one"
        value={entity && `${blueprint} ${entity}`}
        shown={shown ?? entity}
        onChange={(next) => {
          const chosen = typeof next === 'string' ? next.slice(next.indexOf(' ') + 1) : undefined;
          setShown(chosen);
          onEntity(chosen);
        }}
        required={false}
        disabled={false}
        find={(typed) => targetOptions(blueprint, typed)}
      />
      {entity && preview.entity && (
        <div className={classes.one} ref={result}>
          <ScorecardCard preview blueprint={blueprint} entity={entity} scorecard={preview.entity} />
        </div>
      )}
      {entity && preview.problems.length === 0 && !preview.entity && <Dim>Not applicable to it.</Dim>}
    </section>
  );
}
