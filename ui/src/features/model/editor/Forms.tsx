import { Tabs } from '@mantine/core';
import { AggregationForm } from './AggregationForm';
import { CalculationForm } from './CalculationForm';
import { useEditing } from './context';
import { definitions, requiredOf, text, type Definition, type Part } from './draft';
import classes from './editor.module.css';
import { General } from './General';
import { MirrorForm } from './MirrorForm';
import { PartList } from './PartList';
import { PropertyForm } from './PropertyForm';
import { words } from './propertyTypes';
import { RelationForm } from './RelationForm';
import { SampleEntity } from './SampleEntity';

/** Tabs with the form of each part of a blueprint. */
export function Forms() {
  const { blueprint, draft } = useEditing();
  const tab = (value: string, label: string, part: Part) => (
    <Tabs.Tab value={value}>
      {label} <span className="sd-dim sd-nums">{Object.keys(definitions(draft.body, part)).length}</span>
    </Tabs.Tab>
  );
  const required = requiredOf(draft.body);
  return (
    <>
      <Tabs.List mb={12} className={classes.tabs}>
        <Tabs.Tab value="general">General</Tabs.Tab>
        {tab('properties', 'Properties', 'properties')}
        {tab('relations', 'Relations', 'relations')}
        {tab('mirrors', 'Mirrors', 'mirrorProperties')}
        {tab('calculations', 'Calculations', 'calculationProperties')}
        {tab('aggregations', 'Aggregations', 'aggregationProperties')}
      </Tabs.List>
      <Tabs.Panel value="general">
        <General />
      </Tabs.Panel>
      <Tabs.Panel value="properties">
        <PartList
          part="properties"
          noun="property"
          rename="property"
          pointer="/schema/properties"
          fresh={() => ({ type: 'string' })}
          words={(one, key) => `${words(one)}${required.includes(key) ? ' · required' : ''}`}
          empty="It has no property yet: entities have a title and nothing else."
        >
          {(key, definition, change) => <PropertyForm name={key} definition={definition} onChange={change} />}
        </PartList>
      </Tabs.Panel>
      <Tabs.Panel value="relations">
        <PartList
          part="relations"
          noun="relation"
          rename="relation"
          pointer="/relations"
          fresh={() => ({ target: blueprint, required: false, many: false })}
          words={relationWords}
          empty="It leads to no other blueprint yet."
        >
          {(key, definition, change) => <RelationForm name={key} definition={definition} onChange={change} />}
        </PartList>
      </Tabs.Panel>
      <Tabs.Panel value="mirrors">
        <SampleEntity />
        <PartList
          part="mirrorProperties"
          noun="mirror property"
          rename="mirror"
          pointer="/mirrorProperties"
          fresh={() => ({ path: firstPath(draft.body) })}
          words={(one) => text(one.path)}
          empty="A mirror shows a value of an entity that a relation leads to. There is none yet."
        >
          {(key, definition, change) => <MirrorForm name={key} definition={definition} onChange={change} />}
        </PartList>
      </Tabs.Panel>
      <Tabs.Panel value="calculations">
        <SampleEntity />
        <PartList
          part="calculationProperties"
          noun="calculation"
          rename="property"
          pointer="/calculationProperties"
          fresh={() => ({ type: 'string', calculation: '.title' })}
          words={(one) => text(one.calculation).slice(0, 60)}
          empty="A calculation is a value that a JQ program makes of the entity. There is none yet."
        >
          {(key, definition, change) => <CalculationForm name={key} definition={definition} onChange={change} />}
        </PartList>
      </Tabs.Panel>
      <Tabs.Panel value="aggregations">
        <SampleEntity />
        <PartList
          part="aggregationProperties"
          noun="aggregation"
          rename="property"
          pointer="/aggregationProperties"
          fresh={() => ({ type: 'number', target: blueprint, calculationSpec: { calculationBy: 'entities', func: 'count' } })}
          words={aggregationWords}
          empty="An aggregation is a number over related entities. There is none yet."
        >
          {(key, definition, change) => <AggregationForm name={key} definition={definition} onChange={change} />}
        </PartList>
      </Tabs.Panel>
    </>
  );
}

const relationWords = (one: Definition) => `→ ${text(one.target)}${one.many === true ? ' · many' : ''}${one.required === true ? ' · required' : ''}`;

function aggregationWords(one: Definition): string {
  const spec = (one.calculationSpec ?? {}) as Record<string, string>;
  return `${spec.func ?? ''} ${spec.property ? `of ${spec.property} ` : ''}of ${text(one.target)}`;
}

/** A path that is legal from the beginning, where there is any relation. */
function firstPath(body: Parameters<typeof definitions>[0]): string {
  const [first] = Object.keys(definitions(body, 'relations'));
  return first === undefined ? '' : `${first}.$title`;
}
