/** What breaks the rules, as `devtrail check` says it. */
import { models, type Scan } from '@devtrail/survey'
import { explained, rulesOf, type History } from '@devtrail/time-travel'
import type { ViolationRow } from '../protocol.ts'

const rules = new Map(rulesOf(models).map(({ rule }) => [rule.id, rule]))

export async function violationRows(history: History, { violations, machine, names }: Scan): Promise<ViolationRow[]> {
  const linked = await explained(history, machine, violations)
  return linked.map((v) => ({
    rule: v.rule,
    certainty: v.certainty,
    seq: v.seq,
    time: v.time,
    device: v.device === null ? null : names.device(v.device),
    host: v.host === undefined ? null : names.host(v.host),
    summary: v.summary,
    evidence: v.evidence,
    linked: (v.data['linked'] ?? []) as unknown as ViolationRow['linked'],
    says: rules.get(v.rule)?.says ?? '',
    because: rules.get(v.rule)?.because ?? '',
  }))
}
