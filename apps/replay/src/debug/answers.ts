/** What the debugger answers about the place it stands at. */
import type { DeviceInfo } from '@devtrail/events'
import { blame, describeDevice, ExpressionError, listsOf, parsePath, shownDevices, valueAt, type NoSuchField } from '@devtrail/time-travel'
import { Failure, exit } from '../session/failure.ts'
import { mustBePart } from '../named/paths.ts'
import { chooseDevice, chooseDevices } from '../named/positions.ts'
import type { Session } from '../session/session.ts'
import { compare, isOwnerless, keyAmong, mayBeThere, models, refsOf, stuckAt } from '@devtrail/survey'
import { nameOf } from '../logs/open.ts'
import { toldOf } from '../logs/told-of.ts'
import { blameText } from '../print/blame.ts'
import { changesText } from '../print/change.ts'
import { columnsFor, eventLine } from '../print/event.ts'
import { refsText, seqsOf } from '../print/refs.ts'
import { stateText } from '../print/state.ts'
import { stuckText } from '../print/stuck.ts'
import { clip } from '../print/text.ts'
import { whyText } from '../print/why.ts'
import type { Place } from './place.ts'

export class Answers {
  readonly place: Place
  readonly session: Session

  constructor(place: Place, session: Session) {
    this.place = place
    this.session = session
  }

  /** The devices that a name means here. @throws NoSuchDeviceError */
  devices(wanted: string): DeviceInfo[] {
    const { names, cursor } = this.place
    const { machine } = cursor
    return chooseDevices(
      wanted,
      machine.devices(),
      (id) => machine.aliases(id),
      (d) => names.device(d.id),
      this.session,
    )
  }

  async state(rest: string): Promise<void> {
    const { style, digits } = this.session
    const { at, machine } = await this.place.snapshot()
    const wanted = rest === '' ? this.place.device : rest
    const devices = wanted === null ? shownDevices(machine) : this.devices(wanted)
    const present = machine.devices().filter(mayBeThere)
    const described = devices.map((d) => ({ key: keyAmong(present, d), parts: describeDevice(machine, d.id) }))
    await this.session.print(await stateText(nameOf(this.place.log), at, described, this.place.log.history, style, digits))
  }

  async diff(rest: string, signal: AbortSignal): Promise<void> {
    const { place } = this
    const { style } = this.session
    const there = await place.log.history.at({ kind: 'seq', seq: (await place.find(rest)).seq })
    const here = await place.snapshot()
    const [a, b] = there.at.seq <= here.at.seq ? [there, here] : [here, there]
    const all = [a, b].flatMap(({ machine }) => machine.devices().flatMap((d) => (d.bookkeeping ? [] : d.id)))
    const ids = place.device === null ? [...new Set(all), null] : this.devices(place.device).map((d) => d.id)
    const { changes, seqs } = await compare(place.log.history, a, b, ids, signal)
    await this.session.print(style.dim(`from event ${a.at.seq} to event ${b.at.seq}\n`))
    await this.session.print(
      changes.length === 0
        ? `${style.good('nothing is different')}\n`
        : changesText(changes, seqs, (d) => (d === null ? null : place.names.device(d)), style),
    )
  }

  async blame(text: string, signal: AbortSignal): Promise<void> {
    const { place } = this
    const { style, digits } = this.session
    const path = parsePath(text)
    const wanted = mustBePart(path, text, place.device ?? undefined)
    const { at, machine } = await place.snapshot()
    const lists = listsOf(models)
    const hasAnything = (id: number): boolean => valueAt(machine, id, path.steps, lists).value !== null
    const device = wanted === null ? null : chooseDevice(wanted, machine, hasAnything, (d) => place.names.device(d.id), this.session).id
    const missing: NoSuchField[] = []
    const told = await blame(place.log.history, { device, path }, place.seq, {
      signal: signal,
      onMissing: (f) => missing.push(f),
    })
    const wrong = missing[0]
    if (wrong !== undefined)
      throw new ExpressionError(`there is no "${wrong.step.name}" here; there is ${wrong.instead.join(', ')}`, text, wrong.step.at)
    const key = device === null ? null : place.names.device(device)
    await this.session.print(await blameText({ path: text, key, at, blame: told }, place.log.history, place.names, style, digits))
  }

  async why(seq: number, signal: AbortSignal): Promise<void> {
    const { style, digits } = this.session
    const told = await toldOf(this.place.log, seq, { signal, onProgress: (n) => this.session.progress(n, 'events') })
    this.session.clearProgress()
    if (told === null) throw new Failure(exit.notThere, `there is no event ${seq}`)
    await this.session.print(whyText(told, this.place.names, style, digits))
  }

  async refs(): Promise<void> {
    const { place } = this
    const { style, digits } = this.session
    const { at, machine } = await place.snapshot()
    const only = place.device === null ? null : new Set(this.devices(place.device).map((d) => d.id))
    const refs = refsOf(machine, only)
    const ownerless = only === null ? 0 : refsOf(machine, null).filter(isOwnerless).length
    const eventsAt = await place.log.history.events(seqsOf(refs))
    await this.session.print(refsText(refs, ownerless, at, place.names, { style, digits, eventsAt }))
  }

  async stuck(): Promise<void> {
    const { style, digits } = this.session
    const { until, tasks } = await stuckAt(this.place.log, { kind: 'seq', seq: this.place.seq }, this.place.names)
    for (const task of tasks) await this.session.print(stuckText(task, until, this.place.names, style, digits))
    if (tasks.length === 0) await this.session.print(`${style.good('no task is inside a call')}\n`)
  }

  async list(n: number): Promise<void> {
    const { style, digits } = this.session
    const { seq, last, names, log } = this.place
    const seqs = Array.from({ length: 2 * n + 1 }, (_, i) => seq - n + i).filter((s) => s > 0 && s <= last)
    const events = [...(await log.history.events(seqs)).values()].toSorted((a, b) => a.seq - b.seq)
    const columns = columnsFor(events, names)
    for (const event of events) {
      await this.session.print(
        `${event.seq === seq ? style.good('▸') : ' '} ${clip(eventLine(names, event, style, digits, columns), style.cut - 2)}\n`,
      )
    }
  }
}
