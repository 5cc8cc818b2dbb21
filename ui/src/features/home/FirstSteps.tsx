import { Link } from '@tanstack/react-router';
import type { Source } from '~/api/types';
import { CodeBlock } from '~/kit/CodeBlock';
import { Page, Section } from '~/kit/Page';
import classes from './home.module.css';

const configuration = `catalog:
  locations:
    - type: file
      target: ./catalog/*.yaml
`;

interface FirstStepsProps {
  documentTitle: string;
  title: string;
  sources: Source[];
}

/** What to do with an empty catalog. */
export function FirstSteps({ documentTitle, title, sources }: FirstStepsProps) {
  return (
    <Page documentTitle={documentTitle} title={title} subtitle="The catalog is empty. There are three ways to fill it.">
      <div className={classes.steps}>
        <Section title="Paste a document">
          <p>
            A <code>catalog-info.yaml</code> works as it is. <Link to="/documents">Add documents</Link> checks it first and tells what would
            change.
          </p>
        </Section>
        <Section title="Point at files">
          <p>
            List files in <code>app-config.yaml</code> and start the server with it. Existing Backstage configurations are read unchanged.
          </p>
          <CodeBlock text={configuration} language="yaml" label="app-config.yaml" />
        </Section>
        <Section title="Send them">
          <p>Port’s clients and the HTTP API create blueprints and entities as well.</p>
        </Section>
        {sources.length > 0 && (
          <Section title="Sources">
            <p>
              There are sources already, but none has supplied an entity. <Link to="/sources">See what they report</Link>.
            </p>
          </Section>
        )}
      </div>
    </Page>
  );
}
