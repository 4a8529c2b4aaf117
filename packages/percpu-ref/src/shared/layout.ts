/**
 * How a shared ref lies in its buffer, in 32-bit words. What different threads write stands on lines of its own: 128 bytes,
 * since processors fetch lines in pairs.
 *
 *   header   what the buffer is · mode, switch, lock, release · the shared counter · the epoch
 *   workers  each: its gate and its counters · its epoch and its place · its name
 */

/** Words on a line of 128 bytes. */
const LINE = 32

export const header = {
  MAGIC: 0,
  VERSION: 1,
  WORKERS: 2,
  /** `ATOMIC`, `DEAD`, `EXITED`, or'ed. */
  MODE: LINE,
  /** 1 while a switch to atomic is under way. */
  SWITCHING: LINE + 1,
  /** 1 while the bias is in the shared counter. */
  BIASED: LINE + 2,
  /** 1 once release has run. */
  RELEASED: LINE + 3,
  /** Which worker killed it; only it ends the switch, unless it has left. */
  KILLER: LINE + 4,
  /** 0: free, 1: taken, 2: taken, and others sleep, 3: as 2, and given up by one of them. */
  LOCK: LINE + 5,
  /** Which of those who had the killer's place it is: its `TENANCY` then. */
  KILLER_TENANCY: LINE + 6,
  /** How often release has run. */
  RELEASES: LINE + 7,
  /** Raised by all that somebody may wait for, but for quiescent states: who waits reads it before it looks, and is not asleep when it is late. */
  NEWS: LINE + 8,
  COUNT: 2 * LINE,
  EPOCH: 3 * LINE,
} as const
const HEADER_LINES = 4

/** Words of a worker's first line, which only it writes but for a bit of the gate. The gate at 0: count here, without another look. */
export const GATE = 0
/** What it counted in percpu mode. */
export const COUNTER = 1
/** What it counted in the shared counter: part of no sum, only for who asks what it holds. */
export const SHARED = 2

/** Bits of a gate. The ref is in atomic mode. */
export const CLOSED = 1
/** The worker is offline. */
export const OFFLINE = 2
/** The worker says what it does. */
export const SAYING = 4

/** Words of a worker's second and third line, by their distance from its first. */
export const place = {
  /** The epoch it announced last. */
  EPOCH: LINE,
  /** How often it was taken or given back: odd while somebody has it, and another number for each who has it. */
  TENANCY: LINE + 1,
  /** What its counter stood at when the ref last went to percpu mode. The kernel zeroes the counter there; here only its owner writes it. */
  LEFT: LINE + 2,
  /** What was counted from this place before its worker took it. */
  BEFORE: LINE + 3,
  /** Length of its name, then a UTF-16 code unit a word. */
  NAME: 2 * LINE,
} as const
const WORKER_LINES = 3
export const NAME_MAX = LINE - 1

export const ATOMIC = 1
export const DEAD = 2
export const EXITED = 4
/** PERCPU_COUNT_BIAS of a 32-bit kernel, as a signed word. */
export const BIAS32 = -(2 ** 31)
/** At most so many threads share a ref. */
export const WORKERS_MAX = 4096

const MAGIC = 0x70_72_65_66
const VERSION = 1

export const lineOf = (worker: number): number => (HEADER_LINES + worker * WORKER_LINES) * LINE
/** A worker's first line, as a view of its own. */
export const ownLine = (words: Int32Array, worker: number): Int32Array => new Int32Array(words.buffer, lineOf(worker) * 4, LINE)

/** The words of a new buffer with places for so many workers. */
export function laidOut(workers: number): Int32Array {
  const words = new Int32Array(new SharedArrayBuffer(lineOf(workers) * 4))
  words[header.MAGIC] = MAGIC
  words[header.VERSION] = VERSION
  words[header.WORKERS] = workers
  for (let worker = 0; worker < workers; worker++) words[lineOf(worker) + GATE] = OFFLINE
  return words
}

/** A line of nobody's, whose gate is never opened. */
export const closedLine = (): Int32Array => new Int32Array(new SharedArrayBuffer(LINE * 4)).fill(CLOSED | OFFLINE, GATE, GATE + 1)

const wrong = (found: string): TypeError => new TypeError(`expected the buffer of a SharedPercpuRef, found ${found}`)

/** The words of a buffer that {@link laidOut} made. @throws TypeError for any other. */
export function wordsOf(buffer: SharedArrayBuffer): Int32Array {
  if (!(buffer instanceof SharedArrayBuffer)) throw wrong(`${Object.prototype.toString.call(buffer)}: it is to be handed over as it is`)
  if (buffer.byteLength % 4 !== 0 || buffer.byteLength < lineOf(1) * 4) throw wrong(`${buffer.byteLength} bytes`)
  const words = new Int32Array(buffer)
  if (words[header.MAGIC] !== MAGIC) throw wrong('something else in it')
  if (words[header.VERSION] !== VERSION) throw wrong(`version ${words[header.VERSION]}, and this is ${VERSION}`)
  const workers = words[header.WORKERS]!
  if (words.length !== lineOf(workers)) throw wrong(`${buffer.byteLength} bytes, which are not those of ${workers} workers`)
  return words
}
