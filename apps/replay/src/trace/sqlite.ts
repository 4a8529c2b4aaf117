/** A log as an SQLite database. The schema is documented in the package's README and in the database itself. */
import { DatabaseSync } from 'node:sqlite'
import { dataToJson } from '@devtrail/events'
import { dataInWords, decodedData, vocabulary } from '@devtrail/survey'
import type { WholeLog } from './whole-log.ts'

export const SCHEMA_VERSION = 1

/** Comments stay in `sqlite_schema`, so that `.schema` explains the tables. */
const SCHEMA = `
CREATE TABLE log (
  key TEXT PRIMARY KEY, -- schemaVersion, epoch (ns, decimal), source (JSON), notes (JSON); of a log without its head knownFrom (seq)
  value TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE events (
  seq INTEGER PRIMARY KEY, -- from 1; the baseline is not here
  entry INTEGER, -- of the recording
  time_ns INTEGER NOT NULL, -- since the log's epoch
  device TEXT, -- the key of the device it is about
  type TEXT NOT NULL,
  cpu INTEGER,
  pid INTEGER,
  comm TEXT,
  inferred INTEGER NOT NULL, -- 1: no entry says so, it follows
  data TEXT NOT NULL, -- JSON: every field; null is not known, 64-bit words are hexadecimal strings
  decoded TEXT NOT NULL, -- JSON: those that have a name for people
  words TEXT NOT NULL, -- as devtrail events prints them
  host TEXT, -- in a log of several hosts, the one it happened on
  unordered INTEGER NOT NULL -- 1: perhaps it happened before one of another host that stands before it
);
CREATE TABLE causes (
  seq INTEGER NOT NULL, -- the event
  cause INTEGER NOT NULL, -- an event that led to it; 0 is the baseline
  PRIMARY KEY (seq, cause)
) WITHOUT ROWID;
CREATE TABLE devices (
  device TEXT PRIMARY KEY, -- the key; incarnations that followed one another share it
  kind TEXT,
  bookkeeping INTEGER NOT NULL,
  first_seq INTEGER NOT NULL, -- 0: it was there in the baseline
  last_seq INTEGER NOT NULL,
  events INTEGER NOT NULL -- those of the baseline, too
) WITHOUT ROWID;
CREATE TABLE bands (
  device TEXT NOT NULL,
  lane TEXT NOT NULL, -- driver, memory (pagemap and its reference), pages (referenced ones), disk
  from_seq INTEGER NOT NULL, -- since the state after this event
  to_seq INTEGER, -- until the state after this one; null: to the end
  from_ns INTEGER NOT NULL,
  to_ns INTEGER NOT NULL,
  tone TEXT NOT NULL, -- on, coming, going, off, held, unknown
  text TEXT NOT NULL, -- ? is not known, ≥ a bound
  sure INTEGER NOT NULL, -- 0: a bound, or not known
  at_least INTEGER -- of pages: how many
);
CREATE TABLE violations (
  id INTEGER PRIMARY KEY,
  rule TEXT NOT NULL,
  certainty TEXT NOT NULL, -- certain, possible
  seq INTEGER NOT NULL,
  time_ns INTEGER NOT NULL,
  device TEXT,
  summary TEXT NOT NULL,
  data TEXT NOT NULL -- JSON
);
CREATE TABLE evidence (
  violation INTEGER NOT NULL REFERENCES violations (id),
  seq INTEGER NOT NULL,
  PRIMARY KEY (violation, seq)
) WITHOUT ROWID;
`

const INDEXES = `
CREATE INDEX events_by_type ON events (type);
CREATE INDEX events_by_device ON events (device, seq);
CREATE INDEX causes_by_cause ON causes (cause);
CREATE INDEX bands_by_device ON bands (device, lane, from_seq);
`

function writeDevices(db: DatabaseSync, { timeline }: WholeLog): void {
  const device = db.prepare('INSERT INTO devices VALUES (?, ?, ?, ?, ?, ?)')
  const band = db.prepare('INSERT INTO bands VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
  const end = timeline.binTimes.at(-1) ?? 0
  for (const { key, kind, bookkeeping, first, last, events, lanes } of timeline.rows) {
    device.run(key, kind, Number(bookkeeping), first, last, events)
    for (const { name, seqs, times, looks } of lanes) {
      for (const [i, number] of looks.entries()) {
        if (number < 0) continue
        const { tone, text, sure, atLeast } = timeline.looks[number]!
        band.run(key, name, seqs[i]!, seqs[i + 1] ?? null, times[i]!, times[i + 1] ?? end, tone, text, Number(sure), atLeast ?? null)
      }
    }
  }
}

function writeViolations(db: DatabaseSync, { violations, names }: WholeLog): void {
  const row = db.prepare('INSERT INTO violations VALUES (?, ?, ?, ?, ?, ?, ?, ?)')
  const evidence = db.prepare('INSERT OR IGNORE INTO evidence VALUES (?, ?)')
  for (const [i, v] of violations.entries()) {
    const device = v.device === null ? null : names.device(v.device)
    row.run(i + 1, v.rule, v.certainty, v.seq, v.time, device, v.summary, JSON.stringify(v.data))
    for (const seq of v.evidence) evidence.run(i + 1, seq)
  }
}

async function writeEvents(db: DatabaseSync, { events, names }: WholeLog): Promise<void> {
  const row = db.prepare('INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
  const cause = db.prepare('INSERT OR IGNORE INTO causes VALUES (?, ?)')
  for await (const event of events()) {
    const { seq, entry, time, type, cpu, actor, inferred, host, unordered } = event
    const device = names.of(event)
    row.run(
      seq,
      entry,
      time,
      device === null ? null : names.device(device),
      type,
      cpu,
      actor?.pid ?? null,
      actor?.comm ?? null,
      Number(inferred === true),
      JSON.stringify(dataToJson(vocabulary, type, event.data, 9)),
      JSON.stringify(decodedData(names, event)),
      dataInWords(names, event, device, 9),
      host === undefined ? null : names.host(host),
      Number(unordered === true),
    )
    for (const c of event.cause) cause.run(seq, c)
  }
}

/** Writes a log into a database file that is not there yet. */
export async function writeDatabase(file: string, whole: WholeLog): Promise<void> {
  using db = new DatabaseSync(file)
  // Nobody reads it before it is whole.
  db.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN')
  db.exec(SCHEMA)
  db.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`)
  const { epoch, source, notes } = whole.log.reader.meta
  const { start } = whole.log.history.source
  const meta = db.prepare('INSERT INTO log VALUES (?, ?)')
  for (const [key, value] of Object.entries({
    schemaVersion: String(SCHEMA_VERSION),
    epoch,
    source: JSON.stringify(source),
    notes: JSON.stringify(notes),
    ...(start === undefined ? {} : { knownFrom: String(start.seq) }),
  })) {
    meta.run(key, value)
  }
  writeDevices(db, whole)
  writeViolations(db, whole)
  await writeEvents(db, whole)
  db.exec(INDEXES)
  db.exec('COMMIT')
}
