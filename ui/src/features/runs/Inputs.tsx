import { Link } from '@tanstack/react-router';
import type { Run } from '~/api/runs';
import { Section } from '~/kit/Page';
import { words } from '~/lib/text';
import { PropertyValue } from '~/parts/PropertyValue';
import classes from './runs.module.css';

/** Another run: one that made the plan that this one applies. */
const isRun = /^r_[A-Za-z0-9]{16}$/;

/** What the run was given. */
export function Inputs({ run }: { run: Run }) {
  const inputs = Object.entries(run.inputs);
  return (
    <Section title="Inputs">
      {inputs.length === 0 && <p className={classes.nothing}>It was given nothing.</p>}
      <dl className={classes.values}>
        {inputs.map(([key, value]) => (
          <div key={key}>
            <dt title={key}>{words(key)}</dt>
            <dd>
              {typeof value === 'string' && isRun.test(value) ? (
                <Link to="/runs/$id" params={{ id: value }} className={classes.inlineLink}>
                  {value}
                </Link>
              ) : (
                <PropertyValue value={shown(value)} />
              )}
            </dd>
          </div>
        ))}
      </dl>
    </Section>
  );
}

/** Of an entity that was chosen, what names it. */
function shown(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shown);
  if (typeof value !== 'object' || value === null) return value;
  const { identifier, title } = value as { identifier?: unknown; title?: unknown };
  return typeof identifier === 'string' ? (typeof title === 'string' && title !== '' ? title : identifier) : value;
}
