/** One line said to the debugger, and what it answers. */
import type { AnyEvent, DeviceInfo } from '@devtrail/events'
import {
  blame,
  describeDevice,
  EventFilter,
  ExpressionError,
  listsOf,
  parseExpression,
  parsePath,
  Probe,
  shownDevices,
  valueAt,
  why,
  type NoSuchField,
  type StopFor,
} from '@devtrail/time-travel'
import { Failure, exit, exitCodeOf, type ExitCode } from '../cli/failure.ts'
import { mustBePart } from '../cli/paths.ts'
import { chooseDevice, chooseDevices } from '../cli/positions.ts'
import type { Session } from '../cli/session.ts'
import { didYouMean } from '../cli/suggest.ts'
import { compare } from '../logs/compare.ts'
import { eventWords } from '../logs/event-words.ts'
import { keyAmong, mayBeThere } from '../logs/keys.ts'
import { nameOf } from '../logs/open.ts'
import { refsOf } from '../logs/ref-list.ts'
import { stuckAt } from '../logs/stuck-list.ts'
import { models, vocabulary } from '../models.ts'
import { blameText } from '../print/blame.ts'
import { changesText } from '../print/change.ts'
import { columnsFor, eventLine } from '../print/event.ts'
import { refsText, seqsOf } from '../print/refs.ts'
import { stateText } from '../print/state.ts'
import { stuckText } from '../print/stuck.ts'
import { clip, visible } from '../print/text.ts'
import { valueText } from '../print/value.ts'
import { whyText } from '../print/why.ts'
import { commandOf, commands } from './commands.ts'
import type { Moved, Place } from './place.ts'

/** Events listed on each side. */
const LISTED = 4

/** A count behind a command. @throws Failure */
function countIn(text: string, otherwise: number): number {
  if (text === '') return otherwise
  if (!/^\d{1,15}$/.test(text)) throw new Failure(exit.usage, `"${text}" is not a number of events`)
  return Number(text)
}

/** What a command needs and did not get. @throws Failure */
function needs(rest: string, command: string): string {
  const { takes } = commandOf(command)!
  if (rest === '') throw new Failure(exit.usage, `${command} ${takes}: something is missing`)
  return rest
}

export class Dialogue {
  readonly place: Place
  readonly #session: Session
  #abort: AbortController | null = null
  #repeated = ''
  isOver = false

  constructor(place: Place, session: Session) {
    this.place = place
    this.#session = session
  }

  get prompt(): string {
    const device = this.place.device === null ? '' : ` ${this.place.device}`
    return `(${this.place.seq}${device}) `
  }

  /** Ends what runs, and stays where it has come to. @returns whether anything ran */
  interrupt(): boolean {
    if (this.#abort === null) return false
    this.#abort.abort(new Error('interrupted'))
    return true
  }

  #out(text: string): Promise<void> {
    return this.#session.print(text)
  }

  /** Answers a line. @returns the exit code that goes with a line that could not be answered; 0 otherwise. */
  async say(line: string): Promise<ExitCode> {
    const said = line.trim() === '' ? this.#repeated : line.trim()
    if (said === '' || said.startsWith('#')) return exit.fine
    const [word, rest] = [said.split(/\s+/, 1)[0]!, said.replace(/^\S+\s*/, '')]
    this.#abort = new AbortController()
    try {
      const command = commandOf(word)
      if (command === null) throw new Failure(exit.usage, `"${word}" is no command${didYouMean(word, commands.map((c) => c.name))}; help lists them`)
      // What moves is said again by an empty line.
      this.#repeated = ['step', 'back', 'next', 'previous', 'continue', 'reverse', 'until', 'since'].includes(command.name) ? said : ''
      await this.#do(command.name, rest)
      return exit.fine
    } catch (error) {
      const code = exitCodeOf(error)
      if (code === null) throw error
      const message = (error as Error).message.split('\n').map(visible).join('\n')
      await this.#out(`${this.#session.style.warn(message)}\n`)
      return code
    } finally {
      this.#abort = null
      this.#session.clearProgress()
    }
  }

  async #do(command: string, rest: string): Promise<void> {
    const { place } = this
    switch (command) {
      case 'step':
        return this.#moved(await place.goTo(place.seq + countIn(rest, 1)))
      case 'back':
        return this.#moved(await place.goTo(place.seq - countIn(rest, 1)))
      case 'next':
        return this.#nearest(rest, place.seq + 1, place.last)
      case 'previous':
        return this.#nearest(rest, place.seq - 1, 1)
      case 'goto':
        return this.#moved(await place.goTo((await place.find(needs(rest, command))).seq))
      case 'until':
      case 'since': {
        const expression = parseExpression(needs(rest, command))
        return this.#run(command === 'until' ? 'forwards' : 'backwards', [
          { id: 0, text: rest, device: place.device, kind: 'turns-true', expression },
        ])
      }
      case 'continue':
        return this.#run('forwards', this.#stops())
      case 'reverse':
        return this.#run('backwards', this.#stops())
      case 'break':
        return this.#break(needs(rest, command))
      case 'watch': {
        const { id, value } = place.watch(rest, parseExpression(needs(rest, command)))
        return this.#out(`watch ${id}  ${visible(rest)} is ${valueText(value.value)}\n`)
      }
      case 'delete':
        return this.#delete(countIn(needs(rest, command), 0))
      case 'fence':
        return this.#fence(rest)
      case 'mark':
        return this.#mark(rest)
      case 'device':
        return this.#device(rest)
      case 'print':
        return this.#print(needs(rest, command))
      case 'state':
        return this.#state(rest)
      case 'diff':
        return this.#diff(needs(rest, command))
      case 'blame':
        return this.#blame(needs(rest, command))
      case 'why':
        return this.#why(countIn(rest, place.seq))
      case 'refs':
        return this.#refs()
      case 'stuck':
        return this.#stuck()
      case 'list':
        return this.#list(countIn(rest, LISTED))
      case 'help':
        return this.#help(rest)
      default:
        this.isOver = true
    }
  }

  async #moved({ event, changes }: Moved, why = ''): Promise<void> {
    const { style, digits } = this.#session
    const { names } = this.place
    if (why !== '') await this.#out(`${style.good(why)}\n`)
    await this.#out(
      event === null
        ? `${style.dim('0')}  the baseline: what was there before the first event\n`
        : `${clip(eventLine(names, event, style, digits, columnsFor([event], names)), style.cut)}\n`,
    )
    for (const { id, text, from, to } of changes) {
      await this.#out(`  ${style.warn(`watch ${id}`)}  ${visible(text)}: ${valueText(from.value)} → ${valueText(to.value)}\n`)
    }
  }

  #stops(): StopFor[] {
    const { breaks, watches } = this.place
    const changing = watches.map(({ id, text, device, expression }) => ({ id, text, device, kind: 'changes' as const, expression }))
    if (breaks.length + changing.length === 0) throw new Failure(exit.usage, 'there is no breakpoint and no watch to run to; until EXPR needs none')
    return [...breaks, ...changing]
  }

  async #run(direction: 'forwards' | 'backwards', stops: readonly StopFor[]): Promise<void> {
    const { place } = this
    const { seq, hits, isInterrupted, event, changes } = await place.run(direction, stops, {
      signal: this.#abort!.signal,
      onProgress: (n) => this.#session.progress(n, 'is the event looked at'),
    })
    const [low, high] = place.fence
    const fence = direction === 'forwards' ? high : low
    const isOpen = fence === (direction === 'forwards' ? place.last : 0)
    const hit = hits.find(({ kind }) => kind !== 'changes')
    const never = `nothing to stop for up to ${isOpen ? `the ${direction === 'forwards' ? 'end' : 'start'}` : `the fence at ${fence}`}`
    const why = isInterrupted
      ? `interrupted at ${seq}`
      : hit !== undefined
        ? `${hit.id === 0 ? '' : `breakpoint ${hit.id}: `}${hit.kind === 'event' ? visible(hit.text) : `${visible(hit.text)} is true`}`
        : hits.length > 0
          ? ''
          : never
    return this.#moved({ event, changes }, why)
  }

  async #nearest(rest: string, from: number, to: number): Promise<void> {
    const { names, last } = this.place
    const [what, ...more] = rest.split(/\s+/)
    const value = more.join(' ')
    let types = (_: string): boolean => true
    let fits = (_: AnyEvent): boolean => true
    if (what === 'type') {
      if (!vocabulary.types().some((t) => t.startsWith(value))) {
        throw new Failure(exit.usage, `there is no event type "${value}"${didYouMean(value, vocabulary.types())}`)
      }
      types = (type) => type.startsWith(value)
    } else if (what === 'where') {
      const filter = this.#filter(value)
      fits = (event) => filter.truth(event) === true
    } else {
      const wanted = what === 'device' ? value : (rest || this.place.device)
      if (wanted === null || wanted === '') return this.#moved(await this.place.goTo(Math.min(last, Math.max(0, from))))
      const ids = new Set(chooseDevices(wanted, this.place.cursor.machine.devices(), (id) => this.place.cursor.machine.aliases(id), (d) => names.device(d.id), this.#session).map((d) => d.id))
      fits = (event) => ids.has(names.of(event) ?? -1)
    }
    const isOut = to >= from ? from > last : from < 1
    const seq = isOut || (to < 1 && from < 1) ? null : await this.place.log.history.search(from, to, types, fits)
    if (seq === null) return this.#out(`${this.#session.style.warn('there is none')} ${from <= to ? 'after' : 'before'} this event\n`)
    return this.#moved(await this.place.goTo(seq))
  }

  #filter(text: string): EventFilter {
    return new EventFilter(parseExpression(text), vocabulary, eventWords(this.place.names))
  }

  async #break(rest: string): Promise<void> {
    const { place } = this
    const { device } = place
    const event = /^event\s+(.*)$/s.exec(rest)
    const id = place.nextId()
    if (event !== null) place.breaks.push({ id, text: rest, device, kind: 'event', filter: this.#filter(event[1]!) })
    else {
      const expression = parseExpression(rest)
      // It has to make sense now, not only when something runs.
      void new Probe(expression, place.cursor.machine, device)
      place.breaks.push({ id, text: rest, device, kind: 'turns-true', expression })
    }
    await this.#out(`breakpoint ${id}  ${visible(rest)}\n`)
  }

  async #delete(id: number): Promise<void> {
    for (const list of [this.place.breaks, this.place.watches]) {
      const at = list.findIndex((one) => one.id === id)
      if (at < 0) continue
      list.splice(at, 1)
      return this.#out(`${id} is gone\n`)
    }
    throw new Failure(exit.notThere, `there is no breakpoint or watch ${id}; mark lists them`)
  }

  async #fence(rest: string): Promise<void> {
    const { place } = this
    if (rest === 'off') place.fence = [0, place.last]
    else if (rest !== '') {
      const ends = rest.split(/\s+/)
      const [a, b] = [await place.find(ends[0]!), await place.find(ends[1] ?? 'end')]
      place.fence = [Math.min(a.seq, b.seq), Math.max(a.seq, b.seq)]
    }
    await this.#out(`no run leaves the events ${place.fence[0]} to ${place.fence[1]}\n`)
  }

  async #mark(name: string): Promise<void> {
    const { place } = this
    if (name !== '') {
      if (!/^[A-Za-z][\w-]*$/.test(name) || name === 'start' || name === 'end') {
        throw new Failure(exit.usage, `"${name}" cannot be a mark: letters, digits, - and _, beginning with a letter, and not start or end`)
      }
      place.marks.set(name, place.seq)
      return this.#out(`${name} is event ${place.seq}\n`)
    }
    for (const [mark, seq] of place.marks) await this.#out(`mark        ${mark} is event ${seq}\n`)
    for (const { id, text } of place.breaks) await this.#out(`breakpoint  ${id}  ${visible(text)}\n`)
    for (const { id, text, value } of place.watches) await this.#out(`watch       ${id}  ${visible(text)} is ${valueText(value.value)}\n`)
  }

  /** The devices that a name means here. @throws NoSuchDeviceError */
  #devices(wanted: string): DeviceInfo[] {
    const { names, cursor } = this.place
    const { machine } = cursor
    return chooseDevices(wanted, machine.devices(), (id) => machine.aliases(id), (d) => names.device(d.id), this.#session)
  }

  async #device(rest: string): Promise<void> {
    const { place } = this
    if (rest === 'off') place.device = null
    else if (rest !== '') {
      // It may come only later, or be gone by now.
      const ever = place.survey.devices.some((d) => d.name === rest || place.names.device(d.id) === rest)
      if (!ever) this.#devices(rest)
      place.device = rest
    }
    await this.#out(place.device === null ? 'no device is chosen\n' : `bare names are fields of ${place.device}\n`)
  }

  async #print(text: string): Promise<void> {
    const { style } = this.#session
    const { value } = new Probe(parseExpression(text), this.place.cursor.machine, this.place.device)
    const perhaps = value.orNothing ? style.warn(' (perhaps: it may be gone, or of another device)') : ''
    await this.#out(`${valueText(value.value)}${perhaps}\n`)
  }

  async #state(rest: string): Promise<void> {
    const { style, digits } = this.#session
    const { at, machine } = await this.place.snapshot()
    const wanted = rest === '' ? this.place.device : rest
    const devices = wanted === null ? shownDevices(machine) : this.#devices(wanted)
    const present = machine.devices().filter(mayBeThere)
    const described = devices.map((d) => ({ key: keyAmong(present, d), parts: describeDevice(machine, d.id) }))
    await this.#out(await stateText(nameOf(this.place.log), at, described, this.place.log.history, style, digits))
  }

  async #diff(rest: string): Promise<void> {
    const { place } = this
    const { style } = this.#session
    const there = await place.log.history.at({ kind: 'seq', seq: (await place.find(rest)).seq })
    const here = await place.snapshot()
    const [a, b] = there.at.seq <= here.at.seq ? [there, here] : [here, there]
    const all = [a, b].flatMap(({ machine }) => machine.devices().flatMap((d) => (d.bookkeeping ? [] : d.id)))
    const ids = place.device === null ? [...new Set(all), null] : this.#devices(place.device).map((d) => d.id)
    const { changes, seqs } = await compare(place.log.history, a, b, ids, this.#abort!.signal)
    await this.#out(style.dim(`from event ${a.at.seq} to event ${b.at.seq}\n`))
    await this.#out(changes.length === 0 ? `${style.good('nothing is different')}\n` : changesText(changes, seqs, (d) => (d === null ? null : place.names.device(d)), style))
  }

  async #blame(text: string): Promise<void> {
    const { place } = this
    const { style, digits } = this.#session
    const path = parsePath(text)
    const wanted = mustBePart(path, text, place.device ?? undefined)
    const { at, machine } = await place.snapshot()
    const lists = listsOf(models)
    const hasAnything = (id: number): boolean => valueAt(machine, id, path.steps, lists).value !== null
    const device = wanted === null ? null : chooseDevice(wanted, machine, hasAnything, (d) => place.names.device(d.id), this.#session).id
    const missing: NoSuchField[] = []
    const told = await blame(place.log.history, { device, path }, place.seq, { signal: this.#abort!.signal, onMissing: (f) => missing.push(f) })
    const wrong = missing[0]
    if (wrong !== undefined) throw new ExpressionError(`there is no "${wrong.step.name}" here; there is ${wrong.instead.join(', ')}`, text, wrong.step.at)
    const key = device === null ? null : place.names.device(device)
    await this.#out(await blameText({ path: text, key, at, blame: told }, place.log.history, place.names, style, digits))
  }

  async #why(seq: number): Promise<void> {
    const { style, digits } = this.#session
    const told = await why(this.place.log.history, seq)
    if (told === null) throw new Failure(exit.notThere, `there is no event ${seq}`)
    await this.#out(whyText(told, this.place.names, style, digits))
  }

  async #refs(): Promise<void> {
    const { place } = this
    const { style, digits } = this.#session
    const { at, machine } = await place.snapshot()
    const only = place.device === null ? null : new Set(this.#devices(place.device).map((d) => d.id))
    const refs = refsOf(machine, only)
    await this.#out(refsText(refs, at, place.names, { style, digits, eventsAt: await place.log.history.events(seqsOf(refs)) }))
  }

  async #stuck(): Promise<void> {
    const { style, digits } = this.#session
    const { at, tasks } = await stuckAt(this.place.log, { kind: 'seq', seq: this.place.seq }, this.place.names)
    for (const task of tasks) await this.#out(stuckText(task, at, this.place.names, style, digits))
    if (tasks.length === 0) await this.#out(`${style.good('no task is inside a call')}\n`)
  }

  async #list(n: number): Promise<void> {
    const { style, digits } = this.#session
    const { seq, last, names, log } = this.place
    const seqs = Array.from({ length: 2 * n + 1 }, (_, i) => seq - n + i).filter((s) => s > 0 && s <= last)
    const events = [...(await log.history.events(seqs)).values()].toSorted((a, b) => a.seq - b.seq)
    const columns = columnsFor(events, names)
    for (const event of events) {
      await this.#out(`${event.seq === seq ? style.good('▸') : ' '} ${clip(eventLine(names, event, style, digits, columns), style.cut - 2)}\n`)
    }
  }

  async #help(rest: string): Promise<void> {
    const one = rest === '' ? null : commandOf(rest)
    if (rest !== '' && one === null) throw new Failure(exit.usage, `"${rest}" is no command; help lists them`)
    const shown = one === null ? commands : [one]
    const heads = shown.map(({ name, takes }) => `${name}${takes === undefined ? '' : ` ${takes}`}`)
    const width = Math.max(...heads.map((h) => h.length))
    for (const [i, { short, says }] of shown.entries()) {
      await this.#out(`${heads[i]!.padEnd(width)}  ${(short ?? '').padEnd(2)} ${says}\n`)
    }
    if (one === null) await this.#out('A command may be shortened as long as it is clear. An empty line repeats a move. Ctrl-C ends a run.\n')
  }
}

