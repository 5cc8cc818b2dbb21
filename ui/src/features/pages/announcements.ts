import type { Announcements, UniqueIdentifier } from '@dnd-kit/core';

/** What a screen reader hears while something is moved: names, not identifiers. */
export function announcements(nameOf: (id: UniqueIdentifier) => string): Announcements {
  return {
    onDragStart: ({ active }) => `Picked up ${nameOf(active.id)}.`,
    onDragOver: ({ active, over }) => (over && over.id !== active.id ? `${nameOf(active.id)} is at the place of ${nameOf(over.id)}.` : undefined),
    onDragEnd: ({ active, over }) => (over ? `${nameOf(active.id)} was put at the place of ${nameOf(over.id)}.` : `${nameOf(active.id)} was put back.`),
    onDragCancel: ({ active }) => `${nameOf(active.id)} was put back.`,
  };
}
