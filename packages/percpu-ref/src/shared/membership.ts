import { PercpuRefBug } from '../ref-struct.ts'
import { Announcer } from './grace-period.ts'
import { CLOSED, COUNTER, GATE, ownLine, SAYING, SHARED } from './layout.ts'
import type { Said } from './said.ts'
import type { SharedStruct } from './shared-struct.ts'
import { isThere, type Tenant } from './tenant.ts'
import { tell } from './waiting.ts'

export interface MembershipInit {
  readonly tenant: Tenant
  /** Null: nothing is said. */
  readonly said: Said | null
  readonly release: () => void
}

/** One thread's part in a shared ref, and its operations where its own line does not do: offline, in atomic mode, or when they are said. */
export class Membership {
  readonly tenant: Tenant
  readonly line: Int32Array
  readonly #ref: SharedStruct
  readonly #said: Said | null
  readonly #release: () => void
  readonly #announcer: Announcer
  #isOnline = false
  #isAttached = true

  constructor(ref: SharedStruct, { tenant, said, release }: MembershipInit) {
    const { worker } = tenant
    this.tenant = tenant
    this.#ref = ref
    this.#said = said
    this.#release = release
    this.#announcer = new Announcer(ref.words, tenant)
    this.line = ownLine(ref.words, worker)
    if (said !== null) Atomics.or(this.line, GATE, SAYING)
  }

  get worker(): number {
    return this.tenant.worker
  }

  /** Neither detached nor forgotten. */
  get isAttached(): boolean {
    return this.#isAttached && isThere(this.#ref.words, this.tenant)
  }

  /** @throws PercpuRefBug when it was detached, or forgotten. */
  checkAttached(): void {
    if (this.isAttached) return
    const how = this.#isAttached ? 'though it was forgotten: forget is for threads that have ended' : 'that it was detached from'
    throw new PercpuRefBug(`worker ${this.worker} uses a shared ref ${how}`)
  }

  online(): void {
    this.checkAttached()
    if (this.#isOnline) throw new PercpuRefBug(`worker ${this.worker} goes online twice`)
    this.#announcer.online()
    this.#isOnline = true
  }

  offline(): void {
    if (!this.#isOnline) return
    this.#isOnline = false
    // Forgotten, its gate may be another's.
    if (this.isAttached) this.#announcer.offline()
  }

  announce(): void {
    if (this.#isOnline) this.#announcer.announce()
  }

  leave(): void {
    this.offline()
    this.#isAttached = false
  }

  get(n: number): void {
    const shared = this.#change(n)
    this.#said?.say('percpu-ref/got', { n, cpu: shared === null ? this.worker : null, of: 'user' })
  }

  put(n: number): void {
    const shared = this.#change(-n)
    const seq = this.#said?.say('percpu-ref/put', { n, cpu: shared === null ? this.worker : null, of: 'user' })
    if (shared !== null) this.#landed(shared, seq)
  }

  tryGet(call: 'tryget' | 'tryget-live'): boolean {
    const cpu = this.#whileOnline(() => this.#tryGet(call))
    this.#said?.say('percpu-ref/tried', { n: 1, cpu: cpu === 'refused' ? null : cpu, call, ok: cpu !== 'refused' })
    return cpu !== 'refused'
  }

  /** The reference that a switch held is dropped at its end. */
  putSwitch(): void {
    const count = this.#ref.add(-1)
    this.#landed(count, this.#said?.say('percpu-ref/put', { n: 1, cpu: null, of: 'switch' }))
  }

  /** Where it counted: on its line, or in the shared counter (null). */
  #tryGet(call: 'tryget' | 'tryget-live'): number | null | 'refused' {
    if (this.#isPercpu) {
      this.line[COUNTER]!++
      return this.worker
    }
    if (call === 'tryget-live' && this.#ref.isDying) return 'refused'
    this.#ref.checkAlive()
    if (!this.#ref.addUnlessZero(1)) return 'refused'
    this.line[SHARED]!++
    return null
  }

  /** Counts on its line, or in the shared counter: what that is then, and null. */
  #change(n: number): number | null {
    return this.#whileOnline(() => {
      if (this.#isPercpu) {
        this.line[COUNTER]! += n
        return null
      }
      this.#ref.checkAlive()
      this.line[SHARED]! += n
      return this.#ref.add(n)
    })
  }

  get #isPercpu(): boolean {
    return (this.line[GATE]! & CLOSED) === 0
  }

  /** Runs with the thread online, for so long if it was not. */
  #whileOnline<T>(operation: () => T): T {
    this.checkAttached()
    if (this.#isOnline) return operation()
    this.#announcer.online()
    try {
      return operation()
    } finally {
      this.#announcer.offline()
    }
  }

  /** A put made the shared counter this. */
  #landed(count: number, seq: number | undefined): void {
    if (count < 0 && !this.#ref.isBiased) tell(this.#ref.words)
    if (count !== 0) return
    if (this.#said === null) this.#runRelease()
    else this.#said.because(seq ?? 0, () => this.#runRelease())
  }

  #runRelease(): void {
    this.#said?.say('percpu-ref/released', {})
    try {
      this.#release()
    } finally {
      this.#ref.setReleased()
    }
  }
}
