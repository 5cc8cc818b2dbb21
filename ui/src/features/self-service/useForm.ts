import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { presetOf } from './search';

const route = getRouteApi('/_in/self-service/$kind/$id');

/** What is filled in, and the step that the address names. */
export function useForm() {
  const { properties, step = 1, entity } = route.useSearch();
  const navigate = route.useNavigate();
  const [values, setValues] = useState(() => presetOf(properties));
  return {
    values,
    setValues,
    entity,
    at: step - 1,
    // going back in the browser goes back a step
    onAt: (at: number) => void navigate({ search: (old) => ({ ...old, step: at > 0 ? at + 1 : undefined }) }),
    onEntity: (next: string | null) => void navigate({ search: (old) => ({ ...old, entity: next ?? undefined }), replace: true }),
    onStarted: (id: string) => void navigate({ to: '/runs/$id', params: { id }, search: {} }),
  };
}
