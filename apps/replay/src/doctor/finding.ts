/** `ok`; `limited`: something cannot be done here, and all else can; `broken`: devtrail cannot work like this. */
export type Verdict = 'ok' | 'limited' | 'broken'

/** What was looked at, what was found, and what to do about it. */
export interface Finding {
  readonly name: string
  readonly verdict: Verdict
  readonly says: string
  /** What to do; null where there is nothing to do. */
  readonly todo: string | null
}

export const ok = (name: string, says: string): Finding => ({ name, verdict: 'ok', says, todo: null })
export const limited = (name: string, says: string, todo: string): Finding => ({ name, verdict: 'limited', says, todo })
export const broken = (name: string, says: string, todo: string): Finding => ({ name, verdict: 'broken', says, todo })
