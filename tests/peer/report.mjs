// Counts what was compared, and prints what differs.

const short = (value) => {
  const text = typeof value === 'string' ? value : JSON.stringify(value) ?? 'nothing';
  return text.length > 400 ? `${text.slice(0, 400)}…` : text;
};

export class Report {
  constructor(verbose) {
    this.verbose = verbose;
    this.groups = new Map();
    this.known = new Map();
    this.unknown = 0;
  }

  #group(name) {
    if (!this.groups.has(name)) this.groups.set(name, { compared: 0, alike: 0, known: 0, unknown: 0 });
    return this.groups.get(name);
  }

  alike(group) {
    this.#group(group).compared += 1;
    this.#group(group).alike += 1;
  }

  /** A difference, with the number of the note that explains it, or without one. */
  differs(group, title, note, found) {
    this.#group(group).compared += 1;
    if (note !== undefined) {
      this.#group(group).known += 1;
      this.known.set(note, (this.known.get(note) ?? 0) + 1);
      if (!this.verbose) return;
    } else {
      this.#group(group).unknown += 1;
      this.unknown += 1;
    }
    console.log(`${note === undefined ? 'DIFFERS' : `known (${note})`} [${group}] ${short(title)}`);
    for (const { at, theirs, ours } of found.slice(0, 6)) {
      console.log(`    ${at}\n      Backstage: ${short(theirs)}\n      Stagedoor: ${short(ours)}`);
    }
  }

  /** Prints the sums; gives the number of differences without a note. */
  print() {
    console.log('\n                 compared   alike   known   not explained');
    for (const [name, { compared, alike, known, unknown }] of this.groups) {
      console.log(`${name.padEnd(14)} ${[compared, alike, known, unknown].map((n) => String(n).padStart(9)).join('')}`);
    }
    const notes = [...this.known].sort(([a], [b]) => String(a).localeCompare(String(b), undefined, { numeric: true }));
    console.log(`\nKnown, by the number in docs/reference/compat-backstage.md: ${notes.map(([note, n]) => `${note}: ${n}`).join(', ')}`);
    return this.unknown;
  }
}
