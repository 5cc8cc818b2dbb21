import { words } from '~/lib/text';
import { Markdown } from '~/parts/Markdown';
import { useFormState } from './context';
import { effective, ordered } from './effective';
import { FieldSwitch } from './fields/FieldSwitch';
import classes from './form.module.css';
import { isObject, optionsOf, part, type FormPage, type Schema, type Values } from './types';

interface FieldsProps {
  schema: Schema;
  value: Values;
  onChange: (value: Values) => void;
  /** Where the object lies: the fields lie below. */
  path?: string;
  headings?: FormPage['headings'];
  autoFocus?: boolean;
}

/** The fields of an object, in their order. */
export function Fields({ schema, value, onChange, path = '', headings = {}, autoFocus = false }: FieldsProps) {
  const { errors, root } = useFormState();
  const shape = effective(schema, value, root);
  const keys = ordered(shape).filter((key) => key in headings || isShown(shape.properties?.[key]));
  const first = keys.find((key) => !(key in headings));
  const wished = keys.find((key) => shape.properties?.[key]?.['ui:autofocus'] === true);
  return (
    <div className={classes.fields}>
      {keys.map((key) => {
        const heading = headings[key];
        if (heading) return <Heading key={key} {...heading} />;
        const own = effective(shape.properties?.[key] ?? {}, value[key], root);
        const at = path + part(key);
        const reason = own['sd:disabled'];
        return (
          <FieldSwitch
            key={key}
            path={at}
            name={key}
            schema={own}
            label={String(own['ui:title'] ?? own.title ?? words(key))}
            description={describe(own, typeof reason === 'string' ? reason : undefined)}
            value={value[key]}
            onChange={(next) => onChange({ ...value, [key]: next })}
            required={shape.required?.includes(key) ?? false}
            disabled={Boolean(reason) || optionsOf(own).disabled === true || optionsOf(own).readonly === true || own.readOnly === true}
            error={errors[at]}
            autoFocus={autoFocus && key === (wished ?? first)}
          />
        );
      })}
    </div>
  );
}

/** Hidden ones keep their values, and are not asked for. */
const isShown = (schema: Schema | undefined) => isObject(schema) && schema['sd:hidden'] !== true && optionsOf(schema as Schema).widget !== 'hidden' && schema['backstage:featureFlag'] === undefined;

function describe(schema: Schema, reason: string | undefined): string | undefined {
  const { description, help } = optionsOf(schema);
  const parts = [reason, description ?? schema.description, help].filter((one): one is string => typeof one === 'string' && one !== '');
  return parts.length > 0 ? parts.join(' ') : undefined;
}

function Heading({ title, description }: { title: string; description?: string }) {
  return (
    <div className={classes.heading}>
      <h3>{title}</h3>
      {description && <Markdown source={description} />}
    </div>
  );
}
