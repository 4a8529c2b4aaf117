import type { AnyEvent, EventBlock, HostId, Invariant, Model, Violation } from '@devtrail/events'
import { deviceOf } from './devices.ts'
import type { History } from './history.ts'
import type { Machine } from './machine.ts'

/** The outcome of running rules over a log. */
export interface CheckReport {
  readonly rules: readonly string[]
  readonly violations: readonly Violation[]
  /** As it is after the last event. */
  readonly machine: Machine
}

/** A rule that does not exist. */
export class NoSuchRuleError extends Error {
  override readonly name = 'NoSuchRuleError'
}

/** Every invariant of the models, with the model it judges. */
export function rulesOf(models: readonly Model[]): { model: Model; rule: Invariant<unknown> }[] {
  return models.flatMap((model) => model.invariants.map((rule) => ({ model, rule })))
}

/** Whether two violations are about a page that both name. */
export const isAboutTheSame = (a: Violation, b: Violation): boolean =>
  a.host === b.host && (a.about ?? []).some((x) => (b.about ?? []).some((y) => x.first <= y.last && y.first <= x.last))

/** Reports of different rules about the same page become evidence of each other. */
function link(violations: readonly Violation[]): Violation[] {
  const tied = violations.filter(({ about }) => about !== undefined && about.length > 0)
  return violations.map((v) => {
    const others = v.about === undefined ? [] : tied.filter((w) => w !== v && w.rule !== v.rule && isAboutTheSame(v, w))
    if (others.length === 0) return v
    return {
      ...v,
      evidence: [...new Set([...v.evidence, ...others.map((w) => w.seq)])].toSorted((a, b) => a - b),
      data: { ...v.data, linked: others.map((w) => ({ rule: w.rule, seq: w.seq, summary: w.summary })) },
    }
  })
}

/** A violation that names no device is about the one its evidence is about. */
function locate(violation: Violation, devices: ReadonlyMap<number, number>): Violation {
  if (violation.device !== null) return violation
  for (const seq of [violation.seq, ...violation.evidence]) {
    const device = devices.get(seq)
    if (device !== undefined) return { ...violation, device }
  }
  return violation
}

/** The rules of a check: those wanted, or all. @throws NoSuchRuleError */
function chosenRules(models: readonly Model[], only: readonly string[]): ReturnType<typeof rulesOf> {
  const all = rulesOf(models)
  for (const id of only) {
    if (!all.some(({ rule }) => rule.id === id))
      throw new NoSuchRuleError(`there is no rule "${id}"; there are ${all.map(({ rule }) => rule.id).join(', ')}`)
  }
  return only.length === 0 ? all : all.filter(({ rule }) => only.includes(rule.id))
}

const NONE: readonly Violation[] = []

/** Judges each event that a machine was just stepped through. */
export class Judge {
  readonly rules: readonly string[]
  readonly #machine: Machine
  readonly #chosen: ReturnType<typeof rulesOf>
  readonly #byType = new Map<HostId, Map<string, readonly ((event: AnyEvent) => readonly Violation[])[]>>()

  /** @throws NoSuchRuleError */
  constructor(machine: Machine, only: readonly string[] = []) {
    this.#machine = machine
    this.#chosen = chosenRules(machine.models, only)
    this.rules = this.#chosen.map(({ rule }) => rule.id)
  }

  /** Whether any rule can break at events of a type: those that it names of its own package, and those about the log itself. */
  judges(type: string): boolean {
    return this.#of(type).length > 0
  }

  #of(type: string, host: HostId = 0): readonly ((event: AnyEvent) => readonly Violation[])[] {
    let ofHost = this.#byType.get(host)
    if (ofHost === undefined) this.#byType.set(host, (ofHost = new Map()))
    let of = ofHost.get(type)
    if (of === undefined) {
      const answering = this.#chosen.filter(({ model, rule }) => {
        const { prefix } = model.catalogue
        if (type.startsWith('log/')) return true
        return type.startsWith(`${prefix}/`) && (rule.on?.includes(type.slice(prefix.length + 1)) ?? true)
      })
      of = answering.map(({ model, rule }) => {
        const state = this.#machine.state(model.name, host)
        return (event) => rule.judge(state, event)
      })
      ofHost.set(type, of)
    }
    return of
  }

  /** What broke with an event; a glance at it is enough. */
  at(event: AnyEvent): readonly Violation[] {
    const { host } = event
    let found: Violation[] | null = null
    for (const judge of this.#of(event.type, host)) {
      const violations = judge(event)
      if (violations.length > 0) (found ??= []).push(...violations)
    }
    if (found === null) return NONE
    return host === undefined ? found : found.map((violation) => ({ ...violation, host }))
  }
}

/**
 * Runs rules over a whole log in one pass. `only`: the ids wanted; all when empty.
 * @throws NoSuchRuleError
 */
export async function check(history: History, only: readonly string[] = []): Promise<CheckReport> {
  const violations: Violation[] = []
  chosenRules(history.models, only)
  let judge!: Judge
  let ofBlock: EventBlock | null = null
  let judged: readonly boolean[] = []
  const machine = await history.replay({
    begin: (m) => {
      judge = new Judge(m, only)
    },
    step: (block, place) => {
      if (block !== ofBlock) {
        ofBlock = block
        judged = block.types.map(({ name }) => judge.judges(name))
      }
      if (!judged[block.type[place]!]!) return
      const found = judge.at(block.view(place))
      if (found.length > 0) violations.push(...found)
    },
  })
  return { rules: judge.rules, violations: await explained(history, machine, violations), machine }
}

/** Violations as a check reports them: with their devices, and linked with each other. `machine`: as it is at the end. */
export async function explained(history: History, { facts }: Machine, violations: readonly Violation[]): Promise<Violation[]> {
  const devices = new Map<number, number>()
  for (const [seq, event] of await history.events(violations.flatMap((v) => [v.seq, ...v.evidence]))) {
    const device = deviceOf(event, facts.vocabulary, facts)
    if (device !== null) devices.set(seq, device)
  }
  return link(violations.map((v) => locate(v, devices)))
}
