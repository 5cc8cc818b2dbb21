import { autocompletion, closeBrackets, closeBracketsKeymap, type CompletionContext } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { bracketMatching, indentOnInput, indentUnit } from '@codemirror/language';
import { lintGutter, lintKeymap, setDiagnostics, type Diagnostic } from '@codemirror/lint';
import { Annotation, Compartment, EditorState, type Extension } from '@codemirror/state';
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
  placeholder as placeholderOf,
} from '@codemirror/view';
import { useEffect, useImperativeHandle, useRef } from 'react';
import type { CodeDiagnostic, CodeEditorProps } from '../CodeEditor';
import classes from '../CodeEditor.module.css';
import { languageOf } from './languages';
import { colours, look, oneLineLook } from './look';

/** Marks what came from outside, which is not told to the outside again. */
const fromOutside = Annotation.define<boolean>();

/** The editor itself, in the library's own terms. Its view is made once; what changes later is reconfigured or dispatched. */
export default function Core(props: CodeEditorProps) {
  const { value, language, label, readOnly, diagnostics, placeholder, handle } = props;
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const latest = useRef(props);
  const varying = useRef(new Compartment());
  useEffect(() => {
    latest.current = props;
  });
  useEffect(() => {
    if (!host.current) return undefined;
    const made = new EditorView({
      parent: host.current,
      state: EditorState.create({
        doc: latest.current.value,
        extensions: [fixed(latest), varying.current.of(variable(latest.current))],
      }),
    });
    view.current = made;
    if (latest.current.autoFocus) made.focus();
    return () => {
      view.current = null;
      made.destroy();
    };
  }, []);
  useEffect(() => {
    view.current?.dispatch({ effects: varying.current.reconfigure(variable({ language, label, readOnly, placeholder })) });
  }, [language, label, readOnly, placeholder]);
  useEffect(() => {
    const now = view.current;
    const change = now && difference(now.state.doc.toString(), value);
    if (change) now.dispatch({ changes: change, annotations: fromOutside.of(true) });
  }, [value]);
  useEffect(() => {
    const now = view.current;
    if (now) now.dispatch(setDiagnostics(now.state, within(diagnostics ?? [], now.state.doc.length)));
  }, [diagnostics, value]);
  useImperativeHandle(handle, () => ({
    focus: () => view.current?.focus(),
    show: (from, to = from) => {
      const now = view.current;
      if (!now) return;
      const end = now.state.doc.length;
      now.dispatch({ selection: { anchor: Math.min(from, end), head: Math.min(to, end) }, scrollIntoView: true });
      now.focus();
    },
  }));
  return <div ref={host} className={classes.host} />;
}

type Latest = { current: CodeEditorProps };

/** What stays while the editor is there. Callbacks are looked up when they are called. */
function fixed(latest: Latest): Extension {
  const { singleLine, readOnly } = latest.current;
  const submit = () => {
    latest.current.onSubmit?.();
    return latest.current.onSubmit !== undefined;
  };
  const keys = [
    { key: 'Mod-Enter', run: submit },
    ...(singleLine ? [] : [indentWithTab]),
    ...closeBracketsKeymap,
    ...defaultKeymap,
    ...historyKeymap,
    ...lintKeymap,
  ];
  const complete = async (context: CompletionContext) => {
    const ask = latest.current.complete;
    const found = ask && (await ask(context.state.doc.toString(), context.pos));
    return found && found.options.length > 0 ? { from: found.from, to: found.to, options: found.options, filter: true } : null;
  };
  return [
    history(),
    drawSelection(),
    indentOnInput(),
    indentUnit.of('  '),
    bracketMatching(),
    closeBrackets(),
    autocompletion({ override: [complete], activateOnTyping: true, icons: false }),
    singleLine ? oneLine(latest) : [lineNumbers(), lintGutter(), readOnly ? [] : [highlightActiveLine(), highlightActiveLineGutter()]],
    // behind the list of completions, which takes Enter and Escape first
    keymap.of(keys),
    escaping(),
    EditorView.updateListener.of((update) => {
      if (!update.docChanged || update.transactions.some((one) => one.annotation(fromOutside))) return;
      latest.current.onChange?.(update.state.doc.toString());
    }),
    look,
    colours,
  ];
}

function oneLine(latest: Latest): Extension {
  const enter = () => {
    latest.current.onSubmit?.();
    return true;
  };
  return [
    // what is pasted with line ends comes in as one line
    EditorState.transactionFilter.of((change) => {
      if (!change.docChanged || change.newDoc.lines < 2) return change;
      const text = change.newDoc.toString().replace(/\s*\n\s*/g, ' ');
      return { changes: { from: 0, to: change.startState.doc.length, insert: text }, selection: { anchor: text.length } };
    }),
    keymap.of([{ key: 'Enter', run: enter }]),
    oneLineLook,
  ];
}

/** The first Escape frees the Tab key and is not for the window around; a second one soon after is. */
function escaping(): Extension {
  let before = 0;
  return EditorView.domEventHandlers({
    keydown: (event) => {
      if (event.key !== 'Escape') return;
      const now = Date.now();
      if (now - before > 2000) event.stopPropagation();
      before = now;
    },
  });
}

function variable({ language, label, readOnly, placeholder }: Pick<CodeEditorProps, 'language' | 'label' | 'readOnly' | 'placeholder'>): Extension {
  return [
    languageOf(language),
    EditorState.readOnly.of(readOnly === true),
    EditorView.contentAttributes.of({
      'aria-label': label,
      'aria-description': readOnly ? 'Read only' : 'Escape and then Tab leaves the editor',
      spellcheck: 'false',
      autocapitalize: 'off',
      // it is reached by the keyboard as it is; this says so to whoever asks for the attribute
      tabindex: '0',
    }),
    placeholder ? placeholderOf(placeholder) : [],
  ];
}

/** The one stretch in which two texts differ, so that the cursor stays where it is. */
function difference(before: string, after: string): { from: number; to: number; insert: string } | undefined {
  if (before === after) return undefined;
  const shorter = Math.min(before.length, after.length);
  let from = 0;
  while (from < shorter && before[from] === after[from]) from += 1;
  let end = 0;
  while (end < shorter - from && before[before.length - 1 - end] === after[after.length - 1 - end]) end += 1;
  return { from, to: before.length - end, insert: after.slice(from, after.length - end) };
}

function within(diagnostics: CodeDiagnostic[], length: number): Diagnostic[] {
  return diagnostics
    .map(({ from, to, message, severity = 'error' }) => {
      const start = Math.max(0, Math.min(from, length));
      return { from: start, to: Math.max(start, Math.min(to, length)), message, severity };
    })
    .sort((a, b) => a.from - b.from);
}
