import { Button, Select } from '@mantine/core';
import { useState } from 'react';
import { useModel } from '~/parts/model';
import classes from './entity.module.css';
import { nameOfStep, stepsFrom, type StepChoice } from './paths';

const most = 6;

/** Puts a path together, relation by relation: the services of my systems. */
export function PathBuilder({ blueprint, onPath }: { blueprint: string; onPath: (steps: string[]) => void }) {
  const { blueprints } = useModel();
  const [chosen, setChosen] = useState<StepChoice[]>([]);
  const at = chosen.at(-1)?.to ?? blueprint;
  const choices = stepsFrom(at, blueprints);
  const data = [
    { group: 'Leads to', items: choices.filter(({ back }) => !back).map(({ step, title }) => ({ value: step, label: title })) },
    { group: 'Referenced by', items: choices.filter(({ back }) => back).map(({ step, title }) => ({ value: step, label: title })) },
  ].filter(({ items }) => items.length > 0);
  return (
    <div className={classes.builder} role="group" aria-label="Path">
      {chosen.map(({ step }, i) => (
        <span key={i}>{nameOfStep(step, blueprints)} ›</span>
      ))}
      {chosen.length < most && data.length > 0 && (
        <Select
          key={chosen.length}
          w={230}
          searchable
          aria-label={`Step ${chosen.length + 1}`}
          placeholder={chosen.length === 0 ? 'First relation' : 'Next relation'}
          data={data}
          value={null}
          onChange={(value) => {
            const choice = choices.find(({ step }) => step === value);
            if (choice) setChosen([...chosen, choice]);
          }}
        />
      )}
      <Button disabled={chosen.length === 0} onClick={() => onPath(chosen.map(({ step }) => step))}>
        Show
      </Button>
      {chosen.length > 0 && (
        <Button variant="subtle" onClick={() => setChosen(chosen.slice(0, -1))}>
          One step back
        </Button>
      )}
    </div>
  );
}
