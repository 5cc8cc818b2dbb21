// A small seeded generator (mulberry32): the same seed gives the same run, on every machine.

/** Numbers in 0..1, and picks made with them. */
export function chance(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (n) => Math.floor(next() * n);
  const pick = (list) => list[below(list.length)];
  const some = (list, most) => {
    const left = [...list];
    const taken = [];
    for (let n = below(most + 1); n > 0 && left.length > 0; n -= 1) taken.push(...left.splice(below(left.length), 1));
    return taken;
  };
  return { next, below, pick, some, maybe: (probability) => next() < probability };
}

export const seed = () => Number(process.env.SEED ?? 20_260_101);
