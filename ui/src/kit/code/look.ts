import { HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { EditorView } from '@codemirror/view';
import { tags } from '@lezer/highlight';

/** Colours are the design's variables, so that both themes are one. */
export const look = EditorView.theme({
  '&': { height: '100%', fontSize: '12px', backgroundColor: 'transparent', color: 'var(--sd-text)' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': {
    fontFamily: 'var(--mantine-font-family-monospace)',
    fontVariantLigatures: 'none',
    lineHeight: '19px',
    overflow: 'auto',
  },
  '.cm-content': { padding: '8px 0', caretColor: 'var(--sd-text)' },
  '.cm-line': { padding: '0 12px 0 6px' },
  '.cm-cursor': { borderLeftColor: 'var(--sd-text)' },
  '.cm-gutters': { backgroundColor: 'transparent', color: 'var(--sd-dim)', border: 'none', minWidth: '40px' },
  '.cm-activeLine': { backgroundColor: 'transparent' },
  '&.cm-focused .cm-activeLine': { backgroundColor: 'color-mix(in srgb, var(--sd-bg-hover) 60%, transparent)' },
  '.cm-activeLineGutter': { backgroundColor: 'transparent', color: 'var(--sd-text)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'color-mix(in srgb, var(--sd-accent) 28%, transparent)',
  },
  '.cm-placeholder': { color: 'var(--sd-dim)' },
  '.cm-matchingBracket, &.cm-focused .cm-matchingBracket': { backgroundColor: 'var(--sd-accent-soft)', outline: 'none' },
  '.cm-nonmatchingBracket, &.cm-focused .cm-nonmatchingBracket': { backgroundColor: 'transparent', color: 'var(--sd-bad)' },
  '.cm-tooltip': {
    zIndex: '400',
    border: '1px solid var(--sd-border-strong)',
    borderRadius: '6px',
    backgroundColor: 'var(--sd-bg)',
    color: 'var(--sd-text)',
    boxShadow: '0 4px 16px rgb(0 0 0 / 14%)',
  },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': { fontFamily: 'var(--mantine-font-family-monospace)', maxHeight: '16em' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': { padding: '3px 8px', lineHeight: '18px' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]': { backgroundColor: 'var(--sd-accent-soft)', color: 'var(--sd-text)' },
  '.cm-completionDetail': { color: 'var(--sd-dim)', fontStyle: 'normal', marginLeft: '10px' },
  '.cm-completionMatchedText': { textDecoration: 'none', fontWeight: '700' },
  '.cm-completionInfo': { padding: '6px 10px', maxWidth: '320px' },
  '.cm-diagnostic': { padding: '4px 10px', borderLeft: 'none', fontFamily: 'var(--mantine-font-family)', fontSize: '12px' },
  '.cm-diagnostic-error': { color: 'var(--sd-bad)' },
  '.cm-diagnostic-warning': { color: 'var(--sd-warn)' },
  '.cm-lintRange-error': { backgroundImage: 'none', borderBottom: '2px dotted var(--sd-bad)' },
  '.cm-lintRange-warning': { backgroundImage: 'none', borderBottom: '2px dotted var(--sd-warn)' },
  '.cm-lintRange-info': { backgroundImage: 'none', borderBottom: '2px dotted var(--sd-edge)' },
  '.cm-lint-marker': { width: '8px', height: '8px' },
  '.cm-lint-marker-error': { content: 'none', backgroundColor: 'var(--sd-bad)', borderRadius: '4px', margin: '5px 2px' },
  '.cm-lint-marker-warning': { content: 'none', backgroundColor: 'var(--sd-warn)', borderRadius: '1px', margin: '5px 2px' },
  '.cm-gutter-lint': { width: '12px' },
});

export const oneLineLook = EditorView.theme({
  '.cm-content': { padding: '4px 0' },
  '.cm-line': { padding: '0 10px' },
  '.cm-scroller': { overflowX: 'auto', overflowY: 'hidden', scrollbarWidth: 'none' },
});

export const colours = syntaxHighlighting(
  HighlightStyle.define([
    { tag: [tags.propertyName, tags.definition(tags.propertyName), tags.attributeName], color: 'var(--sd-code-key)' },
    { tag: [tags.string, tags.special(tags.string), tags.content, tags.regexp], color: 'var(--sd-code-string)' },
    { tag: [tags.number, tags.bool, tags.null, tags.atom], color: 'var(--sd-code-number)' },
    { tag: [tags.keyword, tags.operatorKeyword, tags.controlKeyword, tags.definitionKeyword], color: 'var(--sd-held)' },
    { tag: [tags.function(tags.variableName), tags.standard(tags.variableName)], color: 'var(--sd-ok)' },
    { tag: [tags.variableName, tags.special(tags.variableName)], color: 'var(--sd-code-number)' },
    { tag: tags.comment, color: 'var(--sd-code-comment)' },
    { tag: [tags.heading, tags.strong], fontWeight: '700', color: 'var(--sd-text)' },
    { tag: tags.emphasis, fontStyle: 'italic' },
    { tag: [tags.link, tags.url], color: 'var(--sd-accent)' },
    { tag: tags.monospace, color: 'var(--sd-code-string)' },
    { tag: tags.invalid, color: 'var(--sd-bad)' },
  ]),
);
