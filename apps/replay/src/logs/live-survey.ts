import type { AnyEvent } from '@devtrail/events'
import { devicesNamed, EventFold, History, machineBefore, type Machine } from '@devtrail/time-travel'
import { bringsDevice, models, Names } from '@devtrail/survey'
import { foldVersion } from './code-version.ts'
import type { OpenLog } from './open.ts'

/**
 * What is known of a log as far as it has been followed: the state, and what the ids in events stand for. Of the events that were there
 * when following began, all that was there is known: they are answered as they are without following.
 */
export class LiveSurvey {
  readonly machine: Machine
  readonly #fold: EventFold
  /** The machine at the end of what was there, and the last event that was. */
  readonly #then: { readonly machine: Machine; readonly names: Names; readonly seq: number }
  #seq = -1
  #names: Names | null = null
  #named = new Map<string, ReadonlySet<number>>()

  private constructor(machine: Machine, then: Machine, seq: number) {
    this.machine = machine
    this.#fold = new EventFold(machine)
    this.#then = { machine: then, names: Names.of(then), seq }
  }

  static async of({ source, history }: Pick<OpenLog, 'source' | 'history'>): Promise<LiveSurvey> {
    const seq = await history.lastSeq()
    // Asked of a history of its own, since these facts grow with what is followed.
    const facts = await new History(source, models, { fold: foldVersion() }).facts()
    return new LiveSurvey(machineBefore(models, source.start, facts).machine, await history.end(), seq)
  }

  get #isThen(): boolean {
    return this.#seq <= this.#then.seq
  }

  see(event: AnyEvent): void {
    const wasThen = this.#isThen
    this.#seq = event.seq
    this.#fold.step(event)
    // What else names are made of, they look up as it comes.
    if (bringsDevice(event.type) || wasThen !== this.#isThen) this.#names = null
  }

  get names(): Names {
    if (this.#names === null) {
      this.#names = this.#isThen ? this.#then.names : Names.of(this.machine)
      this.#named = new Map()
    }
    return this.#names
  }

  /** Whether an event is about a device that goes by a name by now. */
  isAbout(event: AnyEvent, wanted: string): boolean {
    const device = this.names.of(event)
    if (device === null) return false
    let ids = this.#named.get(wanted)
    if (ids?.has(device) !== true) {
      const machine = this.#isThen ? this.#then.machine : this.machine
      ids = new Set(devicesNamed(wanted, machine.devices(), (id) => machine.aliases(id)).map((d) => d.id))
      this.#named.set(wanted, ids)
    }
    return ids.has(device)
  }
}
