import { nanoseconds } from '@devtrail/events'
import { sinceEpoch } from '../epoch.ts'

/** One entry of a trace, as the kernel printed it. */
export interface TraceEntry {
  /** Its number in the recording, from 1. */
  readonly number: number
  /** Line of the file it begins at. */
  readonly line: number
  readonly comm: string
  readonly pid: number
  readonly cpu: number
  /** irqs-off, need-resched, irq context, preempt depth, migrate-disable (`d..1.`); empty when not printed. */
  readonly context: string
  /** Nanoseconds of the trace's clock; of one that counts, ticks. Counted from the trace's epoch. */
  readonly time: number
  /** Its clock prints no seconds: it counts. */
  readonly ticks?: true
  /** Name of the event. */
  readonly event: string
  /** What follows the name; further lines of a multi-line entry included. */
  body: string
  /** Of a devres node whose name the trace does not hold: what it must be, by how it is used. */
  readonly role?: string
}

// TASK-PID [(TGID)] [CPU] FLAGS TIMESTAMP: what happened. A task's name may hold anything, so the shortest that fits is taken.
const HEAD = String.raw`^ *(.{0,64}?)-(\d{1,10}) +(?:\( *[\d-]+\) +)?\[(\d{3,5})\] +(?:([^\s]{4,6}) +)?(\d{1,10}\.\d{6,9}|\d{1,19}): `
/** What the options sym-offset and sym-addr print behind the name of a function. */
const PLACE = String.raw`(?:\+0x[\da-f]+\/0x[\da-f]+)?(?: \[[^\s\]]+\])?(?: <[\da-f]{8,16}>)?`
const ENTRY = new RegExp(String.raw`${HEAD}([^\s:]+?)${PLACE}: ?(.*)$`, 's')
const FUNCTION = new RegExp(String.raw`${HEAD}(\S+${PLACE}) <-(\S+${PLACE})$`)
/** The lines that follow say where the task was. */
const STACK = new RegExp(String.raw`${HEAD}<(user )?stack trace>$`)

/** Reads one line as an entry; null when it is none. `epoch`: what its time is counted from, in seconds or billions of ticks. */
export function parseEntry(text: string, number: number, line: number, epoch = 0): TraceEntry | null {
  const m = ENTRY.exec(text)
  if (m === null) return parseFunction(text, number, line, epoch) ?? parseStack(text, number, line, epoch)
  if (timeOf(m[5]!, epoch) === null) return null
  // trace-cmd report prints no flags and pads the names of events.
  return entryOf(m, { number, line, epoch }, m[6]!, m[4] === undefined ? m[7]!.trimStart() : m[7]!)
}

/** A line of the function tracer: `fn <-parent`. */
function parseFunction(text: string, number: number, line: number, epoch: number): TraceEntry | null {
  const m = FUNCTION.exec(text)
  return m === null || timeOf(m[5]!, epoch) === null ? null : entryOf(m, { number, line, epoch }, 'function', `${m[6]} <-${m[7]}`)
}

/** The first line of a stack: `<stack trace>`. */
function parseStack(text: string, number: number, line: number, epoch: number): TraceEntry | null {
  const m = STACK.exec(text)
  if (m === null || timeOf(m[5]!, epoch) === null) return null
  return entryOf(m, { number, line, epoch }, m[6] === undefined ? 'kernel_stack' : 'user_stack', '')
}

/** The last time that a clock may show, in nanoseconds. */
const TIME_MAX = 2 ** 61

/** Null when no clock may show it. */
function timeOf(text: string, epoch: number): number | null {
  const [whole, fraction] = text.split('.') as [string, string | undefined]
  const isSeconds = fraction !== undefined
  if (Number(text) > TIME_MAX / (isSeconds ? 1e9 : 1)) return null
  if (epoch === 0) return isSeconds ? nanoseconds(text) : Number(text)
  return isSeconds ? (Number(whole) - epoch) * 1e9 + Number(fraction.padEnd(9, '0')) : sinceEpoch(BigInt(whole), epoch)
}

interface Place {
  readonly number: number
  readonly line: number
  readonly epoch: number
}

/** `m`: a match whose first five groups are task, pid, CPU, context and time. */
function entryOf(m: RegExpExecArray, { number, line, epoch }: Place, event: string, body: string): TraceEntry {
  return {
    number,
    line,
    comm: m[1]!,
    pid: Number(m[2]),
    cpu: Number(m[3]),
    context: m[4] ?? '',
    time: timeOf(m[5]!, epoch)!,
    ...(m[5]!.includes('.') ? {} : { ticks: true }),
    event,
    body,
  }
}
