import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { presetOf } from './search';

const route = getRouteApi('/_in/self-service/$kind/$id');

/** What is filled in, and the step that the address names. */
export function useForm() {
  const { properties, step = 1, entity, blueprint } = route.useSearch();
  const navigate = route.useNavigate();
  const [values, setValues] = useState(() => presetOf(properties));
  return {
    values,
    setValues,
    entity,
    blueprint,
    at: step - 1,
    // going back in the browser goes back a step
    onAt: (at: number) => void navigate({ search: (old) => ({ ...old, step: at > 0 ? at + 1 : undefined }) }),
    onTarget: (target: { blueprint: string; entity: string } | undefined) => void navigate({ search: (old) => ({ ...old, entity: target?.entity, blueprint: target?.blueprint }), replace: true }),
    onStarted: (id: string) => void navigate({ to: '/runs/$id', params: { id }, search: {} }),
  };
}
