/** One line said to the debugger, and what it answers. */
import { parseExpression, Probe, type EventFilter, type StopFor } from '@devtrail/time-travel'
import { exit, exitCodeOf, Failure, type ExitCode } from '../session/failure.ts'
import { keysOf } from '../named/known-device.ts'
import type { Session } from '../session/session.ts'
import { eventFilter } from '@devtrail/survey'
import { columnsFor, eventLine } from '../print/event.ts'
import { clip, visible, wrap } from '../print/text.ts'
import { valueText } from '../print/value.ts'
import { Answers } from './answers.ts'
import { commandNamed, commands } from './commands.ts'
import type { Moved, Place } from './place.ts'
import { wantedBy } from './wanted.ts'

/** Events listed on each side. */
const LISTED = 4
/** Columns that the words of `help` have at least. */
const SAYS_MIN = 24

/** A count behind a command. @throws Failure */
function countIn(text: string, otherwise: number): number {
  if (text === '') return otherwise
  if (!/^\d{1,15}$/.test(text)) throw new Failure(exit.usage, `"${text}" is not a number of events`)
  return Number(text)
}

/** What a command needs and did not get. @throws Failure */
function needs(rest: string, command: string): string {
  const { takes } = commandNamed(command)
  if (rest === '') throw new Failure(exit.usage, `${command} ${takes}: something is missing`)
  return rest
}

export class Dialogue {
  readonly place: Place
  readonly #session: Session
  readonly #answers: Answers
  #abort: AbortController | null = null
  #repeated = ''
  isOver = false

  constructor(place: Place, session: Session) {
    this.place = place
    this.#session = session
    this.#answers = new Answers(place, session)
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
      const command = commandNamed(word)
      // What moves is said again by an empty line.
      this.#repeated = ['step', 'back', 'next', 'previous', 'continue', 'reverse', 'until', 'since'].includes(command.name) ? said : ''
      return (await this.#do(command.name, rest)) ?? exit.fine
    } catch (error) {
      if (this.#abort.signal.aborted) {
        this.#session.clearProgress()
        await this.#out(`${this.#session.style.warn('interrupted')}; still at event ${this.place.seq}\n`)
        return exit.interrupted
      }
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

  async #do(command: string, rest: string): Promise<ExitCode | void> {
    const { place } = this
    switch (command) {
      case 'step':
        return this.#moved(await place.goTo(place.seq + countIn(rest, 1)))
      case 'back':
        return this.#moved(await place.goTo(place.seq - countIn(rest, 1)))
      case 'next':
        return this.#nearest(rest, 'after', place.seq + 1, place.last)
      case 'previous':
        return this.#nearest(rest, 'before', place.seq - 1, 1)
      case 'goto':
        return this.#moved(await place.goTo((await place.find(needs(rest, command))).seq))
      case 'until':
      case 'since': {
        const expression = parseExpression(needs(rest, command))
        const isMet = await this.#run(command === 'until' ? 'forwards' : 'backwards', [
          { id: 0, text: rest, device: place.device, kind: 'turns-true', expression },
        ])
        return isMet ? exit.fine : exit.no
      }
      case 'continue':
        return void (await this.#run('forwards', this.#stops()))
      case 'reverse':
        return void (await this.#run('backwards', this.#stops()))
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
        return this.#answers.state(rest)
      case 'diff':
        return this.#answers.diff(needs(rest, command), this.#abort!.signal)
      case 'blame':
        return this.#answers.blame(needs(rest, command), this.#abort!.signal)
      case 'why':
        return this.#answers.why(countIn(rest, place.seq), this.#abort!.signal)
      case 'refs':
        return this.#answers.refs()
      case 'stuck':
        return this.#answers.stuck()
      case 'list':
        return this.#answers.list(countIn(rest, LISTED))
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
    if (breaks.length + changing.length === 0)
      throw new Failure(exit.usage, 'there is no breakpoint and no watch to run to; until EXPR needs none')
    return [...breaks, ...changing]
  }

  /** @returns whether there was anything to stop for, or it was stopped before */
  async #run(direction: 'forwards' | 'backwards', stops: readonly StopFor[]): Promise<boolean> {
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
    await this.#moved({ event, changes }, why)
    return isInterrupted || hits.length > 0
  }

  async #nearest(rest: string, way: 'after' | 'before', from: number, to: number): Promise<void> {
    const { place } = this
    const wanted = wantedBy(rest, this.#answers, (text) => this.#filter(text))
    if (wanted === null) return this.#moved(await place.goTo(from))
    const isThere = from >= 1 && from <= place.last
    const seq = isThere
      ? await place.log.history.search(from, to, wanted.types, wanted.fits, {
          signal: this.#abort!.signal,
          onProgress: (n) => this.#session.progress(n, 'is the event looked at'),
        })
      : null
    if (seq !== null) return this.#moved(await place.goTo(seq))
    return this.#out(`${this.#session.style.warn('there is none')} ${way} this event\n`)
  }

  #filter(text: string): EventFilter {
    return eventFilter(parseExpression(text), () => this.place.names)
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
    if (place.marks.size + place.breaks.length + place.watches.length === 0)
      return this.#out('there are no marks, breakpoints or watches\n')
    for (const [mark, seq] of place.marks) await this.#out(`mark        ${mark} is event ${seq}\n`)
    for (const { id, text } of place.breaks) await this.#out(`breakpoint  ${id}  ${visible(text)}\n`)
    for (const { id, text, value } of place.watches) await this.#out(`watch       ${id}  ${visible(text)} is ${valueText(value.value)}\n`)
  }

  async #device(rest: string): Promise<void> {
    const { place } = this
    if (rest === 'off') place.device = null
    else if (rest !== '') {
      // It may come only later, or be gone by now.
      const ever = place.survey.devices.some((d) => d.name === rest || place.names.device(d.id) === rest)
      if (!ever) this.#answers.devices(rest)
      place.device = rest
      const keys = keysOf(rest, await place.log.history.end(), place.survey)
      if (keys.length > 1) await this.#out(`${this.#session.style.warn(`"${rest}" means several devices`)}: ${keys.join(', ')}\n`)
    }
    await this.#out(place.device === null ? 'no device is chosen\n' : `bare names are fields of ${place.device}\n`)
  }

  async #print(text: string): Promise<void> {
    const { style } = this.#session
    const { value } = new Probe(parseExpression(text), this.place.cursor.machine, this.place.device)
    const perhaps = value.orNothing ? style.warn(' (perhaps: it may be gone, or of another device)') : ''
    await this.#out(`${valueText(value.value)}${perhaps}\n`)
  }

  async #help(rest: string): Promise<void> {
    const one = rest === '' ? null : commandNamed(rest)
    const shown = one === null ? commands : [one]
    const heads = shown.map(({ name, takes }) => `${name}${takes === undefined ? '' : ` ${takes}`}`)
    const width = Math.max(...heads.map((h) => h.length))
    const { cut } = this.#session.style
    const before = width + 5
    for (const [i, { short, says }] of shown.entries()) {
      const lines = wrap(says, Math.max(cut - before, SAYS_MIN))
      const rest = lines.slice(1).map((line) => `${' '.repeat(before)}${line}\n`)
      await this.#out(`${heads[i]!.padEnd(width)}  ${(short ?? '').padEnd(2)} ${lines[0]}\n${rest.join('')}`)
    }
    if (one !== null) return
    const hints = 'A command may be shortened as long as it is clear. An empty line repeats a move. Ctrl-C ends a run.'
    await this.#out(`${wrap(hints, cut).join('\n')}\n`)
  }
}
