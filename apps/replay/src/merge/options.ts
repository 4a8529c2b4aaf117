/** What the options of `merge` say. */
import { basename } from 'node:path'
import { parseExpression, parsePath, type GivenOffset, type Happening, type HappeningFinder } from '@devtrail/time-travel'
import { eventFilter, vocabulary, type Names } from '@devtrail/survey'
import { exit, Failure } from '../session/failure.ts'
import { DURATION, nsOf } from '../print/durations.ts'

/** What hosts may be called: a key stands behind the name and a colon; `seq:138` is a position. */
const HOST = /^(?!seq$)[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/

const PLUS_MINUS = String.raw`(?:±|\+-|\+/-)`

/** A host's name for each log: given by hand, or what the log is called. @throws Failure */
export function hostNames(logs: readonly string[], given: readonly string[]): string[] {
  const names = new Map<string, string>()
  for (const text of given) {
    const at = text.lastIndexOf('=')
    const [log, name] = [text.slice(0, Math.max(0, at)), text.slice(at + 1)]
    if (at < 1 || !logs.includes(log))
      throw new Failure(exit.usage, `--name ${text}: it should be LOG=HOST, where LOG is one of those given (${logs.join(', ')})`)
    if (names.has(log)) throw new Failure(exit.usage, `--name: ${log} has two names`)
    names.set(log, name)
  }
  const hosts = logs.map((log) => names.get(log) ?? basename(log).replace(/\.(log|gz|dat|txt|ndjson|jsonl)$/, ''))
  for (const [i, host] of hosts.entries()) {
    if (!HOST.test(host))
      throw new Failure(
        exit.usage,
        `"${host}" cannot be a host's name, which has letters, digits, . _ and -, at most 63; give one: --name '${logs[i]}=HOST'`,
      )
    const other = hosts.indexOf(host)
    if (other < i)
      throw new Failure(
        exit.usage,
        `${logs[other]} and ${logs[i]} would both be host "${host}"; give one another name: --name '${logs[i]}=HOST'. Two logs of one machine, too, need two names: their states are not put together`,
      )
  }
  return hosts
}

/** `HOST=+1.25s±2ms`, `HOST#2=unknown`: by host, and by boot from 0. @throws Failure */
export function givenOffsets(given: readonly string[], hosts: readonly string[]): Map<string, Map<number, GivenOffset>> {
  const offsets = new Map<string, Map<number, GivenOffset>>(hosts.map((host) => [host, new Map()]))
  for (const text of given) {
    const m = /^([^=#]+)(?:#(\d{1,6}))?=(.*)$/.exec(text)
    const of = m === null ? undefined : offsets.get(m[1]!)
    if (m === null || of === undefined)
      throw new Failure(exit.usage, `--offset ${text}: it should begin with HOST=, where HOST is one of ${hosts.join(', ')}`)
    const boot = m[2] === undefined ? 0 : Number(m[2]) - 1
    if (boot < 0) throw new Failure(exit.usage, `--offset ${text}: boots are counted from 1`)
    if (of.has(boot)) throw new Failure(exit.usage, `--offset ${text}: that clock has two offsets`)
    of.set(boot, offsetOf(text, m[3]!))
  }
  return offsets
}

/** Nanoseconds of 104 days: as far as times reach and are exact. */
const OFFSET_MAX = Number.MAX_SAFE_INTEGER

const OFFSET = new RegExp(String.raw`^([+-]?)(?:${DURATION}|0)\s*${PLUS_MINUS}\s*(?:${DURATION}|0)$`)

function offsetOf(option: string, text: string): GivenOffset {
  if (text === 'unknown') return { offset: null, uncertainty: 0 }
  const m = OFFSET.exec(text)
  if (m === null)
    throw new Failure(
      exit.usage,
      `--offset ${option}: it should be what is added to the host's clock and how far that may be off, as +1.25s±2ms (or +-2ms; ±0 for exact), or unknown`,
    )
  for (const [number, unit] of [
    [m[2], m[3]],
    [m[4], m[5]],
  ] as const) {
    if (number === undefined || nsOf(number, unit!) <= OFFSET_MAX) continue
    throw new Failure(
      exit.usage,
      `--offset ${option}: ${number}${unit} is more than the times of a log reach (2501h, 104 days); is the unit what you meant?`,
    )
  }
  const offset = m[2] === undefined ? 0 : nsOf(m[2], m[3]!)
  return { offset: m[1] === '-' ? 0 - offset : offset, uncertainty: m[4] === undefined ? 0 : nsOf(m[4], m[5]!) }
}

/** `100ppm` as a part of one. @throws Failure */
export function driftOf(text: string): number {
  const m = /^(\d{1,5}(?:\.\d{1,6})?)\s*ppm$/.exec(text)
  if (m === null) throw new Failure(exit.usage, `--drift ${text}: it should be how far two clocks part, as 100ppm (0.1 ms a second)`)
  return Number(m[1]) / 1e6
}

const MARK = /^sync (\S{1,200}) (out|in)\s*$/

/** `sync ID out` and `sync ID in`, as recorded machines write them into their traces around a message. */
export const marks: HappeningFinder = {
  mayFit: (type) => type === 'kernel/marked',
  of: ({ data }) => {
    const m = typeof data['text'] === 'string' ? MARK.exec(data['text']) : null
    return m === null ? null : { id: `mark ${m[1]!}`, role: m[2] as Happening['role'], within: 0 }
  },
}

/** Values of events are strings, numbers, words of 64 bits and whether something is so. */
const fieldText = (value: unknown): string =>
  typeof value === 'string' ? value : typeof value === 'bigint' ? `${value}` : JSON.stringify(value)

const PAIR = new RegExp(String.raw`^(.*)\|([^|]*?)\s*${PLUS_MINUS}\s*(?:${DURATION}|0)\s*$`, 's')

/** `EXPR | FIELD ± SPAN`: events of which EXPR is true and whose FIELD is the same happened within SPAN of each other. @throws Failure */
export function pairFinder(text: string, n: number, names: Names): HappeningFinder {
  const m = PAIR.exec(text)
  if (m === null)
    throw new Failure(
      exit.usage,
      `--pair ${text}: it should be EXPR | FIELD ± SPAN, as 'type == "kernel/marked" | text ± 5ms': events of which EXPR is true, that have the same FIELD on several hosts, and happened within SPAN of each other`,
    )
  const [, condition, field, number, unit] = m
  const filter = eventFilter(parseExpression(condition!.trim()), () => names)
  const path = parsePath(field!.trim())
  const [first, second, ...rest] = path.steps
  const name = first.name === 'data' && second?.kind === 'field' ? second.name : first.name
  if (rest.length > 0 || (second !== undefined && first.name !== 'data'))
    throw new Failure(exit.usage, `--pair ${text}: FIELD should be one field of the event, as text`)
  const within = number === undefined ? 0 : nsOf(number, unit!)
  return {
    mayFit: (type) => filter.mayFit(type) && Object.hasOwn(vocabulary.find(type)?.fields ?? {}, name),
    of: (event) => {
      const value = event.data[name]
      if (value === null || value === undefined || filter.truth(event) !== true) return null
      return { id: `pair ${n} ${fieldText(value)}`, role: 'same', within }
    },
  }
}
