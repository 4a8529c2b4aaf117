import type { Facts, Invariant, Model, Violation } from '@devtrail/events'
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

const overlaps = (a: Violation, b: Violation): boolean =>
  (a.about ?? []).some((x) => (b.about ?? []).some((y) => x.first <= y.last && y.first <= x.last))

/** Reports of different rules about the same page become evidence of each other. */
function link(violations: readonly Violation[]): Violation[] {
  return violations.map((v) => {
    const others = violations.filter((w) => w !== v && w.rule !== v.rule && overlaps(v, w))
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

/**
 * Runs rules over a whole log in one pass. `only`: the ids wanted; all when empty.
 * @throws NoSuchRuleError
 */
export async function check(history: History, only: readonly string[] = []): Promise<CheckReport> {
  const all = rulesOf(history.models)
  for (const id of only) {
    if (!all.some(({ rule }) => rule.id === id))
      throw new NoSuchRuleError(`there is no rule "${id}"; there are ${all.map(({ rule }) => rule.id).join(', ')}`)
  }
  const chosen = only.length === 0 ? all : all.filter(({ rule }) => only.includes(rule.id))
  const violations: Violation[] = []
  const machine = await history.walk((event, m) => {
    for (const { model, rule } of chosen) violations.push(...rule.judge(m.state(model.name), event))
  })
  const wanted = new Set(violations.flatMap((v) => [v.seq, ...v.evidence]))
  const devices = new Map<number, number>()
  if (wanted.size > 0) await collectDevices(history, machine.facts, wanted, devices)
  return { rules: chosen.map(({ rule }) => rule.id), violations: link(violations.map((v) => locate(v, devices))), machine }
}

async function collectDevices(history: History, facts: Facts, wanted: ReadonlySet<number>, into: Map<number, number>): Promise<void> {
  for await (const event of history.source.read()) {
    if (!wanted.has(event.seq)) continue
    const device = deviceOf(event, facts.vocabulary, facts)
    if (device !== null) into.set(event.seq, device)
  }
}
