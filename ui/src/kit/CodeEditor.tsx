import { lazy, Suspense, type Ref } from 'react';
import classes from './CodeEditor.module.css';

export type CodeLanguage = 'json' | 'yaml' | 'jq' | 'query' | 'markdown' | 'text';

/** Something about a stretch of the text, in offsets from its beginning. */
export interface CodeDiagnostic {
  from: number;
  to: number;
  message: string;
  severity?: 'error' | 'warning' | 'info';
}

export interface CodeCompletion {
  label: string;
  /** Inserted instead of the label. */
  apply?: string;
  detail?: string;
  info?: string;
  type?: 'property' | 'keyword' | 'function' | 'constant' | 'text' | 'class' | 'variable';
}

export interface CodeCompletions {
  /** Where the text begins that a chosen one replaces. */
  from: number;
  /** Where it ends, if not at the cursor. */
  to?: number;
  options: CodeCompletion[];
}

export type Complete = (text: string, position: number) => CodeCompletions | null | Promise<CodeCompletions | null>;

/** What a page may ask of an editor that is there. */
export interface CodeEditorHandle {
  focus: () => void;
  /** Selects a stretch and brings it into view. */
  show: (from: number, to?: number) => void;
}

export interface CodeEditorProps {
  value: string;
  onChange?: (value: string) => void;
  language: CodeLanguage;
  /** Its accessible name. */
  label: string;
  diagnostics?: CodeDiagnostic[];
  complete?: Complete;
  readOnly?: boolean;
  /** A CSS length, or `auto`: as high as the text, between three lines and half the window. */
  height?: string;
  placeholder?: string;
  /** One line without numbers; Enter submits. */
  singleLine?: boolean;
  /** Ctrl/Cmd+Enter, and Enter in a single line. */
  onSubmit?: () => void;
  autoFocus?: boolean;
  handle?: Ref<CodeEditorHandle>;
}

const Core = lazy(() => import('./code/Core'));

/**
 * An editor for code. Tab indents; Escape and then Tab leaves it. The library behind it is loaded when the first one is shown.
 */
export function CodeEditor(props: CodeEditorProps) {
  const { value, height = '100%', singleLine, label } = props;
  const style = { height: singleLine || height === 'auto' ? undefined : height };
  return (
    <div className={classes.frame} style={style} data-single={singleLine || undefined} data-auto={height === 'auto' || undefined} data-readonly={props.readOnly || undefined}>
      <Suspense
        fallback={
          <pre className={classes.waiting} role="status" aria-label={`Loading ${label}`}>
            {value.slice(0, 4000)}
          </pre>
        }
      >
        <Core {...props} />
      </Suspense>
    </div>
  );
}
