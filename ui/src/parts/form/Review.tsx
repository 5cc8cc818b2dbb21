import { words } from '~/lib/text';
import { PropertyValue } from '~/parts/PropertyValue';
import type { PropertyDefinition } from '~/api/types';
import { choicesOf } from './fields/ChoiceField';
import { effective, ordered } from './effective';
import classes from './form.module.css';
import { isBlank, isObject, optionsOf, type FormPage, type Schema, type Values } from './types';

/** Everything that was filled in, before it is sent. */
export function Review({ pages, values, onEdit }: { pages: FormPage[]; values: Values; onEdit?: (page: number) => void }) {
  return (
    <div className={classes.review}>
      {pages.map((page, i) => (
        <section key={i} className={classes.reviewPage} aria-label={page.title ?? 'Inputs'}>
          {(page.title !== undefined || pages.length > 1) && (
            <h3>
              {page.title ?? `Step ${i + 1}`}
              {onEdit && (
                <button type="button" className={classes.plain} onClick={() => onEdit(i)}>
                  Change
                </button>
              )}
            </h3>
          )}
          <ValueList schema={page.schema} values={values} />
        </section>
      ))}
    </div>
  );
}

/** The values of an object by the names of its fields. */
export function ValueList({ schema, values }: { schema: Schema; values: Values }) {
  const shape = effective(schema, values);
  const lines = ordered(shape).flatMap((key) => linesOf(key, effective(shape.properties?.[key] ?? {}, values[key], schema), values[key]));
  if (lines.length === 0) return <p className="sd-dim">Nothing to fill in.</p>;
  return (
    <dl className={classes.values}>
      {lines.map(({ key, title, schema: own, value }) => (
        <div key={key}>
          <dt>{title}</dt>
          <dd>
            <Shown schema={own} value={value} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

interface Line {
  key: string;
  title: string;
  schema: Schema;
  value: unknown;
}

interface ReviewOptions {
  show?: boolean;
  mask?: string;
  name?: string;
  explode?: boolean;
}

function linesOf(key: string, schema: Schema, value: unknown): Line[] {
  const options = optionsOf(schema);
  const { review } = (options.backstage ?? {}) as { review?: ReviewOptions };
  if (schema['sd:hidden'] === true || options.widget === 'hidden' || review?.show === false) return [];
  const title = review?.name ?? String(options.title ?? schema.title ?? words(key));
  if (review?.mask) return [{ key, title, schema: {}, value: review.mask }];
  if (isSecret(schema)) return [{ key, title, schema: {}, value: isBlank(value) ? undefined : '••••••' }];
  if (isObject(value) && schema.properties && review?.explode !== false) {
    return ordered(schema).flatMap((inner) => linesOf(inner, schema.properties?.[inner] ?? {}, value[inner]).map((line) => ({ ...line, key: `${key}/${line.key}`, title: `${title}: ${line.title}` })));
  }
  return [{ key, title, schema, value }];
}

const isSecret = (schema: Schema) => schema.encryption !== undefined || schema.format === 'password' || ['Secret', 'password'].some((one) => optionsOf(schema).field === one || optionsOf(schema).widget === one);

function Shown({ schema, value }: { schema: Schema; value: unknown }) {
  const chosen = choicesOf(schema)?.find((choice) => choice.value === value);
  if (chosen && chosen.label !== String(value)) return <>{chosen.label}</>;
  // what points at an entity is shown as it is written: it need not exist
  const { format, items, ...rest } = schema;
  const plain = format === 'entity' || format === 'user' || format === 'team';
  return <PropertyValue value={value} definition={{ ...rest, format: plain ? undefined : format, items: isObject(items) ? { ...items, format: undefined } : undefined } as PropertyDefinition} />;
}
