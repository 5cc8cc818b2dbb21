import { IconAlertTriangle, IconCircleCheck, IconCircleX } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { BlueprintPreview, BlueprintProblem } from '~/api/blueprints';
import { Mono } from '~/kit/Mono';
import { ProblemLine } from '~/kit/Problem';
import { count, formatNumber } from '~/lib/text';
import { EntityLink } from '~/parts/EntityLink';
import classes from './editor.module.css';

/** What stands against saving, or should at least be known: nothing where it is harmless. */
export function harm(preview: BlueprintPreview | undefined): boolean {
  return preview !== undefined && (preview.invalid.count > 0 || preview.losses.length > 0 || preview.breaks.length > 0);
}

interface EffectProps {
  blueprint: string;
  preview: BlueprintPreview;
  /** Leads to a place in the text. */
  onPlace?: (pointer: string) => void;
}

/** What a change would do, in full. */
export function Effect({ blueprint, preview, onPlace }: EffectProps) {
  const { problems, changes, entities, partial, invalid, losses, breaks } = preview;
  const wrong = problems.some(({ level }) => level === 'error');
  return (
    <div className={classes.effect}>
      {problems.map((problem, i) => (
        <Problem key={i} problem={problem} onPlace={onPlace} />
      ))}
      {!wrong && (
        <>
          {changes.length > 0 && (
            <p className="sd-dim">
              {changes.map(({ change, pointer }) => `${change} ${nameOf(pointer)}`).join(', ')}
            </p>
          )}
          {entities > 0 && (
            <Line bad={invalid.count > 0} title={`${formatNumber(invalid.count)} of ${count(entities, 'entity', 'entities')} would become invalid`}>
              {invalid.reasons.map(({ message, count: n }) => (
                <div key={message}>
                  {formatNumber(n)}: {message}
                </div>
              ))}
              {invalid.count > 0 && <p className="sd-dim">They stay as they are; their next write is refused until that is mended.</p>}
              <Examples blueprint={blueprint} members={invalid.examples} total={invalid.count} />
            </Line>
          )}
          {losses.map(({ pointer, message, count: n, examples }) => (
            <Line key={pointer} bad title={`${count(n, 'entity', 'entities')} ${n === 1 ? 'has' : 'have'} a value in ${nameOf(pointer)}`}>
              {message}
              <Examples blueprint={blueprint} members={examples} total={n} />
            </Line>
          ))}
          <Breaks breaks={breaks} />
          {partial && <p className="sd-dim">There may be more: not every entity could be looked at.</p>}
        </>
      )}
    </div>
  );
}

function Problem({ problem: { level, pointer, message }, onPlace }: { problem: BlueprintProblem; onPlace?: (pointer: string) => void }) {
  return (
    <ProblemLine level={level} message={message}>
      {pointer &&
        (onPlace ? (
          <button type="button" className={classes.place} onClick={() => onPlace(pointer)}>
            {pointer}
          </button>
        ) : (
          <Mono wrap>{pointer}</Mono>
        ))}
    </ProblemLine>
  );
}

function Line({ bad, title, children }: { bad?: boolean; title: string; children?: ReactNode }) {
  const Icon = bad ? IconAlertTriangle : IconCircleCheck;
  return (
    <div className={classes.effectLine} data-bad={bad || undefined}>
      <Icon size={15} aria-hidden />
      <div>
        <div className={classes.effectTitle}>{title}</div>
        {children}
      </div>
    </div>
  );
}

interface ExamplesProps {
  blueprint: string;
  members: BlueprintPreview['invalid']['examples'];
  total: number;
}

function Examples({ blueprint, members, total }: ExamplesProps) {
  if (members.length === 0) return null;
  const rest = total - members.length;
  return (
    <div className={classes.examples}>
      {members.map(({ identifier, title }) => (
        <EntityLink key={identifier} link={{ blueprint, identifier, title: title ?? identifier, ref: identifier, exists: true }} />
      ))}
      {rest > 0 && <span className="sd-dim">and {formatNumber(rest)} more</span>}
    </div>
  );
}

const nouns: Record<string, string> = {
  relation: 'relation',
  mirror: 'mirror property',
  calculation: 'calculation',
  aggregation: 'aggregation',
  ownership: 'inherited ownership',
  page: 'page',
  view: 'saved view',
};

export function Breaks({ breaks }: { breaks: BlueprintPreview['breaks'] }) {
  if (breaks.length === 0) return null;
  return (
    <Line bad title={`${count(breaks.length, 'thing')} elsewhere would no longer work`}>
      <ul>
        {breaks.map(({ kind, of, title, key, message, certain }) => (
          <li key={`${kind} ${of} ${key} ${message}`}>
            {nouns[kind] ?? kind} {key && <Mono>{key}</Mono>} {kind === 'page' || kind === 'view' ? <>{title ?? of}</> : <>of <BlueprintName identifier={of} title={title} /></>}
            <span className="sd-dim">
              : {message}
              {!certain && '; look at it'}
            </span>
          </li>
        ))}
      </ul>
    </Line>
  );
}

function BlueprintName({ identifier, title }: { identifier: string; title?: string | null }) {
  return (
    <Link to="/model/$blueprint" params={{ blueprint: identifier }} className={classes.link}>
      {title ?? identifier}
    </Link>
  );
}

/** `/schema/properties/tier` as `tier`. */
function nameOf(pointer: string): string {
  const parts = pointer.split('/').filter((part) => part !== '' && part !== 'schema');
  const [first = '', second] = parts;
  if (second === undefined) return first;
  const kind: Record<string, string> = { properties: 'property', relations: 'relation', mirrorProperties: 'mirror', calculationProperties: 'calculation', aggregationProperties: 'aggregation' };
  return `${kind[first] ?? first} ${second}`;
}

/** One line about the same. */
export function summary(preview: BlueprintPreview): { text: string; icon: typeof IconCircleX; tone: 'bad' | 'warn' | 'ok' } {
  const errors = preview.problems.filter(({ level }) => level === 'error').length;
  if (errors > 0) return { text: `${count(errors, 'error')}: it cannot be saved yet`, icon: IconCircleX, tone: 'bad' };
  const parts = [count(preview.changes.length, 'change')];
  if (preview.invalid.count > 0) parts.push(`${count(preview.invalid.count, 'entity', 'entities')} would become invalid`);
  if (preview.losses.length > 0) parts.push(`values of ${count(preview.losses.length, 'field')} would go`);
  if (preview.breaks.length > 0) parts.push(`${count(preview.breaks.length, 'thing')} elsewhere would break`);
  const warnings = preview.problems.length;
  if (warnings > 0) parts.push(count(warnings, 'warning'));
  const risky = harm(preview) || warnings > 0;
  if (!risky && preview.entities > 0) parts.push(`all ${count(preview.entities, 'entity', 'entities')} stay valid`);
  return { text: parts.join(' · '), icon: risky ? IconAlertTriangle : IconCircleCheck, tone: risky ? 'warn' : 'ok' };
}
