import { useRef, type Ref, type UIEvent } from 'react';
import classes from './Code.module.css';

interface CodeInputProps {
  value: string;
  onChange: (value: string) => void;
  label: string;
  placeholder?: string;
  /** Lines to point at, counted from 1. */
  badLines?: Set<number>;
  inputRef?: Ref<HTMLTextAreaElement>;
  onSubmit?: () => void;
}

/** A textarea with line numbers; Ctrl/Cmd+Enter submits. */
export function CodeInput({ value, onChange, label, placeholder, badLines, inputRef, onSubmit }: CodeInputProps) {
  const gutter = useRef<HTMLDivElement>(null);
  const lines = value.split('\n').length;
  const follow = (event: UIEvent<HTMLTextAreaElement>) => {
    if (gutter.current) gutter.current.scrollTop = event.currentTarget.scrollTop;
  };
  return (
    <div className={classes.input}>
      <div className={classes.gutter} ref={gutter} aria-hidden>
        {Array.from({ length: lines }, (_, i) => (
          <span key={i} data-bad={badLines?.has(i + 1) || undefined}>
            {i + 1}
          </span>
        ))}
        <span>&nbsp;</span>
      </div>
      <textarea
        ref={inputRef}
        className={classes.area}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
        onScroll={follow}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.metaKey || event.ctrlKey)) onSubmit?.();
        }}
        aria-label={label}
        placeholder={placeholder}
        spellCheck={false}
        autoCapitalize="off"
        autoComplete="off"
        wrap="off"
      />
    </div>
  );
}

/** Selects a line of a textarea and brings it into view. */
export function showLine(area: HTMLTextAreaElement, line: number): void {
  const lines = area.value.split('\n');
  const start = lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0);
  area.focus();
  area.setSelectionRange(start, start + (lines[line - 1]?.length ?? 0));
  area.scrollTop = Math.max(0, (line - 4) * 19);
}
