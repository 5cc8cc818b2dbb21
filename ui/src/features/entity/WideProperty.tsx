import { CodeBlock } from '~/kit/CodeBlock';
import { Section } from '~/kit/Page';
import { count } from '~/lib/text';
import { DerivedMark } from '~/parts/DerivedMark';
import { PropertyValue } from '~/parts/PropertyValue';
import classes from './entity.module.css';
import type { Shown } from './properties';

/** A property that needs the whole width: text, objects, API definitions. */
export function WideProperty({ shown }: { shown: Shown }) {
  const { key, title, value, definition } = shown;
  const code = key === 'definition' && typeof value === 'string';
  return (
    <Section
      title={title}
      aside={code ? count(value.replace(/\n$/, '').split('\n').length, 'line') : definition ? definition.derived && <DerivedMark derived={definition.derived} /> : 'not declared by the blueprint'}
    >
      <div className={classes.wide}>
        {code ? (
          <CodeBlock text={value} language={languageOf(value)} label={title} maxHeight="460px" />
        ) : (
          <PropertyValue value={value} definition={definition} />
        )}
      </div>
    </Section>
  );
}

function languageOf(text: string): 'json' | 'yaml' | 'text' {
  if (/^\s*[{[]/.test(text)) return 'json';
  return /^\s*(#.*\n\s*)*("?[\w$-]+"?\s*:|---)/.test(text) ? 'yaml' : 'text';
}
