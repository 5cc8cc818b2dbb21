import { Button, Select, TextInput } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import type { Level, ScorecardDefinition } from '~/api/scorecards';
import { dotColor } from '~/kit/Mono';
import { useBlueprint, useCatalogBlueprints } from '~/parts/model';
import { slug } from '~/lib/text';
import { conditionsOf, freshRule, levelColors, levelsOf, put, renameLevel, rulesOf, type QueryJson, type RuleJson } from './definition';
import classes from './editor.module.css';
import { QueryGroup } from './QueryGroup';
import { RuleForm, Tool } from './RuleForm';

interface DefinitionFormProps {
  blueprint: string;
  /** Only a new one may choose it. */
  onBlueprint?: (blueprint: string) => void;
  definition: ScorecardDefinition;
  onChange: (definition: ScorecardDefinition) => void;
}

/** A scorecard as a form. What the form does not know stays as it is. */
export function DefinitionForm({ blueprint: id, onBlueprint, definition, onChange }: DefinitionFormProps) {
  const blueprint = useBlueprint(id);
  const levels = levelsOf(definition);
  const rules = rulesOf(definition);
  const [added, setAdded] = useState(-1);
  const putRules = (next: RuleJson[]) => onChange({ ...definition, rules: next });
  const move = (at: number, by: 1 | -1) => putRules(rules.map((rule, i) => (i === at ? rules[at + by] : i === at + by ? rules[at] : rule) ?? rule));
  return (
    <div className={classes.form}>
      <TextInput label="Title" required value={String(definition.title ?? '')} onChange={(event) => onChange({ ...definition, title: event.currentTarget.value })} />
      <TextInput label="Identifier" description="What programs call it. Empty: made of the title." placeholder={slug(String(definition.title ?? ''))} value={definition.identifier ?? ''} onChange={(event) => onChange(put(definition, 'identifier', event.currentTarget.value))} />
      {onBlueprint && <BlueprintField value={id} onChange={onBlueprint} />}
      <section>
        <h2 className={classes.title}>It is about</h2>
        <p className="sd-dim">{conditionsOf(definition.filter as QueryJson | undefined).length === 0 ? `Every ${blueprint?.title ?? id}. Conditions leave some out: to them it is not applicable.` : `Every ${blueprint?.title ?? id} for which`}</p>
        <QueryGroup blueprint={blueprint} query={definition.filter as QueryJson | undefined} label="It is about" onChange={(filter) => onChange(put(definition, 'filter', conditionsOf(filter).length > 0 ? filter : undefined))} />
      </section>
      <section>
        <h2 className={classes.title}>Levels</h2>
        <p className="sd-dim">From the lowest on. Everything has the first one; a higher one is reached by all rules up to it.</p>
        <Levels levels={levels} onRename={(at, title) => onChange(renameLevel(definition, at, title))} onChange={(next) => onChange({ ...definition, levels: next })} />
      </section>
      <section>
        <h2 className={classes.title}>Rules</h2>
        <ul className={classes.rules}>
          {rules.map((rule, i) => (
            <RuleForm
              // a rule may be called otherwise while it is written
              key={i}
              blueprint={blueprint}
              levels={levels}
              rule={rule}
              at={i}
              of={rules.length}
              fresh={i === added}
              onChange={(next) => putRules(rules.map((one, n) => (n === i ? next : one)))}
              onMove={(by) => move(i, by)}
              onRemove={() => putRules(rules.filter((_, n) => n !== i))}
            />
          ))}
        </ul>
        <Button
          variant="default"
          leftSection={<IconPlus size={14} aria-hidden />}
          onClick={() => {
            setAdded(rules.length);
            putRules([...rules, freshRule(levels, rules)]);
          }}
        >
          Rule
        </Button>
      </section>
    </div>
  );
}

function BlueprintField({ value, onChange }: { value: string; onChange: (blueprint: string) => void }) {
  const blueprints = useCatalogBlueprints();
  return <Select label="Blueprint" required searchable allowDeselect={false} data={blueprints.map(({ identifier, title }) => ({ value: identifier, label: title }))} value={value} onChange={(next) => next && onChange(next)} />;
}

function Levels({ levels, onRename, onChange }: { levels: Level[]; onRename: (at: number, title: string) => void; onChange: (levels: Level[]) => void }) {
  return (
    <div className={classes.group} role="group" aria-label="Levels">
      {levels.map((level, i) => (
        <div key={i} className={classes.levelLine}>
          <TextInput aria-label={`Level ${i + 1}`} value={level.title} onChange={(event) => onRename(i, event.currentTarget.value)} />
          <Select
            aria-label={`Colour of level ${i + 1}`}
            allowDeselect={false}
            data={levelColors.some((one) => one.toLowerCase() === level.color.toLowerCase()) ? levelColors : [...levelColors, level.color]}
            value={levelColors.find((one) => one.toLowerCase() === level.color.toLowerCase()) ?? level.color}
            leftSection={<span className={classes.dot} style={{ background: dotColor(level.color) }} />}
            renderOption={({ option }) => (
              <span className={classes.option}>
                <span className={classes.dot} style={{ background: dotColor(option.value) }} />
                {option.label}
              </span>
            )}
            onChange={(color) => color && onChange(levels.map((one, n) => (n === i ? { ...one, color } : one)))}
          />
          <Tool label={`Remove level ${level.title}`} disabled={levels.length <= 2} icon={<IconTrash size={14} aria-hidden />} onClick={() => onChange(levels.filter((_, n) => n !== i))} />
        </div>
      ))}
      <Button variant="subtle" size="compact-xs" leftSection={<IconPlus size={13} aria-hidden />} onClick={() => onChange([...levels, { title: `Level ${levels.length + 1}`, color: 'green' }])}>
        Level
      </Button>
    </div>
  );
}
