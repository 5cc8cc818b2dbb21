import { IconArrowRight, IconExternalLink } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { CodeBlock } from '~/kit/CodeBlock';
import { Section } from '~/kit/Page';
import { safeHref } from '~/lib/urls';
import { Markdown } from '~/parts/Markdown';
import classes from './runs.module.css';

interface OutputLink {
  title?: string;
  url?: string;
  entityRef?: string;
}

interface OutputText {
  title?: string;
  content?: string;
}

/** What a run gives back: where to go on, words, and the rest as it is. */
export function Output({ output }: { output: unknown }) {
  if (typeof output !== 'object' || output === null || Object.keys(output).length === 0) return null;
  const { links, text, ...rest } = output as { links?: unknown; text?: unknown };
  const ways = Array.isArray(links) ? (links as OutputLink[]) : [];
  const texts = Array.isArray(text) ? (text as OutputText[]) : [];
  return (
    <Section title="Result">
      {ways.length > 0 && (
        <ul className={classes.results} aria-label="Links of the result">
          {ways.map((link, i) => (
            <li key={i}>
              <Way link={link} />
            </li>
          ))}
        </ul>
      )}
      {typeof text === 'string' && text !== '' && <Plan text={text} />}
      {texts.map(({ title, content }, i) => (
        <div key={i} className={classes.summary}>
          {title && <h3>{title}</h3>}
          {typeof content === 'string' && <Markdown source={content} />}
        </div>
      ))}
      {Object.keys(rest).length > 0 && <CodeBlock text={JSON.stringify(rest, null, 2)} language="json" label="Result" maxHeight="260px" />}
    </Section>
  );
}

/** What a plan would do, with what comes and what goes marked as its first sign says. */
function Plan({ text }: { text: string }) {
  return (
    <pre className={classes.plan} tabIndex={0} role="region" aria-label="Plan">
      {text.split('\n').map((line, i) => (
        <span key={i} data-sign={/^\s*([+~-])/.exec(line)?.[1]}>
          {line}
          {'\n'}
        </span>
      ))}
    </pre>
  );
}

function Way({ link: { title, url, entityRef } }: { link: OutputLink }) {
  if (entityRef) {
    return (
      <Link to="/entity/$blueprint" params={{ blueprint: blueprintOf(entityRef) }} search={{ id: fullRef(entityRef) }} className={classes.result}>
        <IconArrowRight size={15} aria-hidden /> {title || entityRef}
      </Link>
    );
  }
  const href = url ? safeHref(url) : null;
  if (!href) return <span>{title ? `${title} (${url ?? ''})` : url}</span>;
  return (
    <a href={href} target="_blank" rel="noopener noreferrer" className={classes.result} title={url}>
      <IconExternalLink size={15} aria-hidden /> {title || url}
    </a>
  );
}

const blueprintOf = (ref: string) => (ref.includes(':') ? ref.slice(0, ref.indexOf(':')).toLowerCase() : 'component');

function fullRef(ref: string): string {
  const [kind, rest] = ref.includes(':') ? [ref.slice(0, ref.indexOf(':')), ref.slice(ref.indexOf(':') + 1)] : ['component', ref];
  return `${kind}:${rest.includes('/') ? rest : `default/${rest}`}`.toLowerCase();
}
