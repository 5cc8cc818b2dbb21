/**
 * How well a title fits a few typed letters, the best being 0; undefined: not at all. In the order in which the server
 * ranks entities: equal, begins, a word begins, contains, all words, one or two slips.
 */
export function fits(title: string, typed: string): number | undefined {
  const text = title.toLowerCase();
  const wanted = typed.trim().toLowerCase();
  if (text === wanted) return 0;
  if (text.startsWith(wanted)) return 1;
  const words = text.split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  if (words.some((word) => word.startsWith(wanted)) || text.includes(` ${wanted}`)) return 2;
  if (text.includes(wanted)) return 3;
  const parts = wanted.split(/\s+/);
  if (parts.every((part) => text.includes(part))) return 4;
  const least = near(wanted, [text, ...words]);
  if (least !== undefined) return 4 + least;
  const each = parts.map((part) => (text.includes(part) ? 0 : near(part, words)));
  return each.every((slips) => slips !== undefined) ? 7 : undefined;
}

/** The least slips between a text and a beginning of one of some values; undefined where they are too many. */
function near(text: string, values: string[]): number | undefined {
  if (text.length < 3) return undefined;
  const most = text.length < 6 ? 1 : 2;
  const least = Math.min(...values.map((value) => slips(text, value.slice(0, text.length + most))));
  return least <= most ? least : undefined;
}

/** The least slips (a letter too many, too few, wrong, or two swapped) between a text and a beginning of a value. */
function slips(text: string, value: string): number {
  let before: number[] = [];
  let last = Array.from({ length: value.length + 1 }, (_, i) => i);
  for (let i = 1; i <= text.length; i++) {
    const row = [i];
    for (let j = 1; j <= value.length; j++) {
      const wrong = text[i - 1] === value[j - 1] ? 0 : 1;
      let least = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + wrong);
      if (i > 1 && j > 1 && text[i - 1] === value[j - 2] && text[i - 2] === value[j - 1]) least = Math.min(least, before[j - 2]! + 1);
      row.push(least);
    }
    before = last;
    last = row;
  }
  return Math.min(...last);
}

/** The items whose titles fit, the best first; all of them, in their order, where nothing is typed. */
export function findBest<Item>(items: Item[], typed: string, titlesOf: (item: Item) => string[]): Item[] {
  if (!typed.trim()) return items;
  const ranked = items.flatMap((item) => {
    const ranks = titlesOf(item).map((title) => fits(title, typed)).filter((rank) => rank !== undefined);
    return ranks.length > 0 ? [{ item, rank: Math.min(...ranks) }] : [];
  });
  return ranked.sort((a, b) => a.rank - b.rank).map(({ item }) => item);
}
