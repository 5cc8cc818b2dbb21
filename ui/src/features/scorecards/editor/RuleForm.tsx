import { Select, Textarea, TextInput } from '@mantine/core';
import { IconArrowDown, IconArrowUp, IconChevronRight, IconTrash } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { hubQuery } from '~/api/actions';
import type { Level } from '~/api/scorecards';
import type { Blueprint } from '~/api/types';
import { slug } from '~/lib/text';
import { put, type RuleJson } from './definition';
import classes from './editor.module.css';
import { QueryGroup } from './QueryGroup';

interface RuleFormProps {
  blueprint: Blueprint | undefined;
  levels: Level[];
  rule: RuleJson;
  at: number;
  of: number;
  /** It has just been added. */
  fresh: boolean;
  onChange: (rule: RuleJson) => void;
  onMove: (by: 1 | -1) => void;
  onRemove: () => void;
}

/** One rule: a line, and its form where it is open. */
export function RuleForm({ blueprint, levels, rule, at, of, fresh, onChange, onMove, onRemove }: RuleFormProps) {
  const [open, setOpen] = useState(fresh);
  const name = rule.title || rule.identifier || `Rule ${at + 1}`;
  // an identifier that nobody has written follows the title
  const follows = rule.identifier === undefined || /^rule_\d+$/.test(rule.identifier) || rule.identifier === slug(rule.title ?? '');
  const title = (text: string) => onChange({ ...rule, title: text, identifier: follows && slug(text) !== '' ? slug(text) : rule.identifier });
  return (
    <li className={classes.rule} data-rule={rule.identifier}>
      <div className={classes.ruleLine}>
        <button type="button" className={classes.ruleButton} aria-expanded={open} onClick={() => setOpen(!open)}>
          <IconChevronRight size={14} aria-hidden />
          <span className={classes.ruleName}>{name}</span>
          <span className="sd-dim">{rule.level}</span>
        </button>
        <Tool label={`Move ${name} up`} disabled={at === 0} onClick={() => onMove(-1)} icon={<IconArrowUp size={14} aria-hidden />} />
        <Tool label={`Move ${name} down`} disabled={at === of - 1} onClick={() => onMove(1)} icon={<IconArrowDown size={14} aria-hidden />} />
        <Tool label={`Remove ${name}`} onClick={onRemove} icon={<IconTrash size={14} aria-hidden />} />
      </div>
      {open && (
        <div className={classes.ruleBody}>
          <div className={classes.pair}>
            <TextInput label="Title" required value={rule.title ?? ''} onChange={(event) => title(event.currentTarget.value)} autoFocus={fresh} />
            <Select label="Level" required allowDeselect={false} data={levels.slice(1).map((level) => level.title)} value={rule.level ?? null} onChange={(level) => level && onChange({ ...rule, level })} />
          </div>
          <TextInput label="Identifier" required value={rule.identifier ?? ''} onChange={(event) => onChange({ ...rule, identifier: event.currentTarget.value })} />
          <TextInput label="Description" value={rule.description ?? ''} onChange={(event) => onChange(put(rule, 'description', event.currentTarget.value))} />
          <div>
            <div className={classes.label}>It holds if</div>
            <QueryGroup blueprint={blueprint} query={rule.query} label={name} onChange={(query) => onChange({ ...rule, query })} />
          </div>
          <FixFields rule={rule} name={name} blueprint={blueprint} onChange={onChange} />
        </div>
      )}
    </li>
  );
}

/** What to do where it does not hold. */
function FixFields({ rule, name, blueprint, onChange }: { rule: RuleJson; name: string; blueprint: Blueprint | undefined; onChange: (rule: RuleJson) => void }) {
  const { data } = useQuery({ ...hubQuery(), staleTime: 30_000 });
  const fix = rule.fix ?? {};
  const set = (key: 'text' | 'url' | 'action', value: string | undefined) => {
    const next = put(fix, key, value);
    onChange(put(rule, 'fix', Object.keys(next).length > 0 ? next : undefined));
  };
  const actions = (data?.actions ?? []).filter((one) => one.kind === 'action' && one.operation !== 'CREATE' && (!one.blueprint || one.blueprint === blueprint?.identifier));
  const known = actions.map(({ identifier, title }) => ({ value: identifier, label: title }));
  const options = fix.action && !known.some(({ value }) => value === fix.action) ? [...known, { value: fix.action, label: fix.action }] : known;
  return (
    <fieldset className={classes.fix}>
      <legend className={classes.label}>How to fix it</legend>
      <Textarea aria-label={`How to fix ${name}: text`} placeholder="In words (Markdown)" autosize minRows={1} maxRows={5} value={fix.text ?? ''} onChange={(event) => set('text', event.currentTarget.value)} />
      <div className={classes.pair}>
        <TextInput aria-label={`How to fix ${name}: link`} placeholder="https://…" value={fix.url ?? ''} onChange={(event) => set('url', event.currentTarget.value)} />
        <Select aria-label={`How to fix ${name}: action`} placeholder="An action to run" searchable clearable data={options} value={fix.action ?? null} onChange={(next) => set('action', next ?? undefined)} />
      </div>
    </fieldset>
  );
}

export function Tool({ label, icon, disabled = false, onClick }: { label: string; icon: ReactNode; disabled?: boolean; onClick: () => void }) {
  return (
    <button type="button" className={classes.tool} aria-label={label} title={label} disabled={disabled} onClick={onClick}>
      {icon}
    </button>
  );
}
