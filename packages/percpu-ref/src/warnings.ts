import type { PercpuRefWarning } from './events.ts'

/** How refs are to warn. */
export interface WarningsInit {
  /** Each place warns once, as all of lib/percpu-refcount.c do (WARN_ONCE, WARN_ON_ONCE); else every time. Default: every time. */
  readonly once?: boolean
  /** panic_on_warn: a warning is thrown as {@link PercpuRefWarned}, and the operation ends where it stood. Default: it goes on. */
  readonly panicOnWarn?: boolean
}

/** Thrown for a warning, where they are to be thrown. */
export class PercpuRefWarned extends Error {
  override readonly name = 'PercpuRefWarned'
  /** Which one, as `percpu-ref/warned` names it. */
  readonly warning: PercpuRefWarning

  constructor(warning: PercpuRefWarning, message: string) {
    super(message)
    this.warning = warning
  }
}

/** How the refs of a machine warn. */
export class Warnings {
  /** See {@link WarningsInit}. */
  readonly panicOnWarn: boolean
  readonly #once: boolean
  readonly #fired = new Set<PercpuRefWarning>()

  constructor({ once = false, panicOnWarn = false }: WarningsInit = {}) {
    this.#once = once
    this.panicOnWarn = panicOnWarn
  }

  /** Whether this place warns now. */
  fires(warning: PercpuRefWarning): boolean {
    if (this.#once && this.#fired.has(warning)) return false
    this.#fired.add(warning)
    return true
  }

  /** Each place warns again (/sys/kernel/debug/clear_warn_once). */
  clearOnce(): void {
    this.#fired.clear()
  }
}
