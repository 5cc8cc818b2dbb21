// The other half of unsynced.c: builds the library, and after a kill takes back what was never synced.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Two words, four longs and four words: see `struct record`. */
const HEADER = 56;
const MAGIC = 0x59534e55;

/** Compiles the library into `dir` and gives its path. */
export function compile(dir) {
  const source = fileURLToPath(new URL('./unsynced.c', import.meta.url));
  const library = path.join(dir, 'unsynced.so');
  execFileSync(process.env.CC ?? 'cc', ['-O1', '-shared', '-fPIC', '-o', library, source, '-ldl', '-lpthread'], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return library;
}

/** A disk whose cache can be lost: `env` goes to the program, `cut` is the power cut after it was killed. */
export class Disk {
  constructor(library, dataDir, workDir) {
    this.dataDir = fs.realpathSync(dataDir);
    this.side = path.join(workDir, 'removed');
    this.journal = path.join(workDir, 'journal');
    this.env = {
      LD_PRELOAD: library,
      UNSYNCED_DIR: this.dataDir,
      UNSYNCED_SIDE: this.side,
      UNSYNCED_JOURNAL: this.journal,
    };
    this.reset();
  }

  /** Everything that is on the disk now counts as synced. */
  reset() {
    fs.rmSync(this.side, { recursive: true, force: true });
    fs.rmSync(this.journal, { force: true });
    fs.mkdirSync(this.side, { recursive: true });
    this.before = new Set(list(this.dataDir));
  }

  /**
   * Takes back what was not synced. Without `survives` all of it; with it, names survive and each unsynced write
   * survives, is torn at a sector or is lost as `survives()` (a number in 0..1) decides, as on a disk that reorders.
   * Gives what was counted.
   */
  cut(survives) {
    const records = fs.existsSync(this.journal) ? parse(fs.readFileSync(this.journal)) : [];
    const unseen = records.filter((record) => record.type === '!');
    if (unseen.length > 0) throw new Error(`the layer cannot follow: ${unseen[0].path}`);
    this.#assertNothingUnknown(records);

    const files = new Map();
    const directories = new Map();
    for (const record of records) {
      if (record.type === 'S') files.set(record.inode, Math.max(files.get(record.inode) ?? 0, record.upto));
      if (record.type === 'D') directories.set(record.path, Math.max(directories.get(record.path) ?? 0, record.upto));
    }
    const lostContents = records.filter((r) => 'WTF'.includes(r.type) && r.place >= (files.get(r.inode) ?? 0));
    const lostNames = survives
      ? []
      : records.filter((r) => 'CURMX'.includes(r.type) && r.place >= (directories.get(parent(r)) ?? 0));
    for (const record of [...lostContents, ...lostNames].sort((a, b) => b.place - a.place)) this.#undo(record);
    if (survives) for (const record of lostContents) this.#redo(record, survives());
    // Mapped memory: whatever it held is not on the disk.
    for (const name of list(this.dataDir)) if (name.endsWith('-shm')) fs.rmSync(path.join(this.dataDir, name));
    const syncs = records.filter((record) => 'SD'.includes(record.type)).length;
    const result = { records: records.length, syncs, lostWrites: lostContents.length, lostNames: lostNames.length };
    this.reset();
    return result;
  }

  /** A program that goes round the C library would make the whole test worthless: notice it. */
  #assertNothingUnknown(records) {
    const known = new Set(this.before);
    for (const record of records) {
      if ('CM'.includes(record.type)) known.add(record.path);
      if (record.type === 'R') for (const name of [...known]) known.add(moved(name, record.path, record.path2));
    }
    for (const name of list(this.dataDir)) {
      if (!known.has(name) && !name.endsWith('-shm')) throw new Error(`the layer did not see ${name} appear`);
    }
  }

  #undo(record) {
    const at = (name) => path.join(this.dataDir, name);
    const kept = path.join(this.side, String(record.place));
    switch (record.type) {
      case 'C':
        fs.rmSync(at(record.path), { force: true });
        break;
      case 'M':
        fs.rmSync(at(record.path), { recursive: true, force: true });
        break;
      case 'X':
        fs.mkdirSync(at(record.path), { recursive: true });
        break;
      case 'U':
        if (fs.existsSync(kept) && !fs.existsSync(at(record.path))) fs.renameSync(kept, at(record.path));
        break;
      case 'R': {
        const done = inode(at(record.path2)) === record.inode;
        if (done) fs.renameSync(at(record.path2), at(record.path));
        if (done && fs.existsSync(kept)) fs.renameSync(kept, at(record.path2));
        break;
      }
      default:
        this.#withFile(record.inode, (fd) => {
          fs.ftruncateSync(fd, record.size);
          if (record.before.length > 0) fs.writeSync(fd, record.before, 0, record.before.length, record.offset);
        });
    }
  }

  #redo(record, chance) {
    if (chance < 0.45) return;
    this.#withFile(record.inode, (fd) => {
      if (record.type !== 'W') return fs.ftruncateSync(fd, record.offset);
      const sectors = Math.floor(record.after.length / 512);
      const torn = chance < 0.55 && sectors > 1;
      const length = torn ? Math.ceil(sectors / 2) * 512 : record.after.length;
      fs.writeSync(fd, record.after, 0, length, record.offset);
    });
  }

  /** The file may have lost its name for good, and its content with it. */
  #withFile(wanted, change) {
    const name = [...list(this.dataDir).map((n) => path.join(this.dataDir, n)), ...list(this.side).map((n) => path.join(this.side, n))]
      .find((candidate) => inode(candidate) === wanted);
    if (!name) return;
    const fd = fs.openSync(name, 'r+');
    try {
      change(fd);
    } finally {
      fs.closeSync(fd);
    }
  }
}

function list(dir) {
  return fs.existsSync(dir) ? fs.readdirSync(dir, { recursive: true }).map(String) : [];
}

function inode(name) {
  const stat = fs.statSync(name, { throwIfNoEntry: false });
  return stat?.isFile() ? stat.ino : undefined;
}

/** The directory whose sync makes this change of names safe. */
function parent(record) {
  const name = path.dirname(record.type === 'R' ? record.path2 : record.path);
  return name === '.' ? '' : name;
}

function moved(name, from, to) {
  if (name === from) return to;
  return name.startsWith(`${from}/`) ? to + name.slice(from.length) : name;
}

/** The last record may be torn: its change was then never made. */
function parse(bytes) {
  const records = [];
  for (let place = 0; place + HEADER <= bytes.length; ) {
    if (bytes.readUInt32LE(place) !== MAGIC) throw new Error(`the journal is broken at ${place}`);
    const number = (at) => Number(bytes.readBigUInt64LE(place + at));
    const lengths = [40, 44, 48, 52].map((at) => bytes.readUInt32LE(place + at));
    const end = lengths.reduce((sum, length) => sum + length, place + HEADER);
    if (end > bytes.length) break;
    let at = place + HEADER;
    const [name, second, before, after] = lengths.map((length) => bytes.subarray(at, (at += length)));
    records.push({
      place,
      type: String.fromCharCode(bytes.readUInt32LE(place + 4)),
      inode: number(8),
      offset: number(16),
      size: number(24),
      upto: number(32),
      path: name.toString(),
      path2: second.toString(),
      before,
      after,
    });
    place = end;
  }
  return records;
}
