import type { JSX } from 'preact'
import type { Link } from '../page/link.ts'
import type { ScanState, ViolationRow } from '../protocol.ts'
import { HEADER_WIDTH, OVERVIEW_HEIGHT, RULER_HEIGHT } from './layout.ts'
import { placeOf, xOf, type Scale } from './scale.ts'

/** Markers nearer to each other than this many pixels are one. */
const NEAR_PX = 22

interface Cluster {
  readonly x: number
  readonly violations: ViolationRow[]
}

function clustersOf(violations: readonly ViolationRow[], scale: Scale): Cluster[] {
  const clusters: Cluster[] = []
  for (const violation of violations.toSorted((a, b) => a.seq - b.seq)) {
    const x = xOf(scale, placeOf(scale.axis, violation.seq, violation.time))
    if (x < -1 || x > scale.width + 1) continue
    const near = clusters.at(-1)
    if (near !== undefined && x - near.x < NEAR_PX) near.violations.push(violation)
    else clusters.push({ x, violations: [violation] })
  }
  return clusters
}

/** The kernel's own words are another shape than what a rule found. */
export const markOf = ({ rule, certainty }: Pick<ViolationRow, 'rule' | 'certainty'>): 'warned' | 'broken' | 'perhaps' =>
  rule.startsWith('kernel/') ? 'warned' : certainty === 'certain' ? 'broken' : 'perhaps'

const SIGNS = { warned: '▲', broken: '◆', perhaps: '◇' } as const

export function Sign({ of }: { readonly of: Pick<ViolationRow, 'rule' | 'certainty'> }): JSX.Element {
  const mark = markOf(of)
  return (
    <span class={`sign ${mark}`} aria-hidden="true">
      {SIGNS[mark]}
    </span>
  )
}

interface MarkersProps {
  readonly scan: ScanState | null
  readonly scale: Scale
  readonly link: Link
  readonly go: (to: Partial<Link>) => void
}

export function Markers({ scan, scale, link, go }: MarkersProps): JSX.Element {
  const clusters = clustersOf(scan?.violations ?? [], scale)
  return (
    <div
      class="markers"
      role="group"
      aria-label="Violations and kernel warnings"
      style={{ left: `${HEADER_WIDTH}px`, top: `${OVERVIEW_HEIGHT + RULER_HEIGHT}px`, width: `${scale.width}px` }}
    >
      {clusters.map(({ x, violations }) => {
        // What a rule found says more than the kernel's words about it.
        const first = violations.find(({ rule }) => !rule.startsWith('kernel/')) ?? violations[0]!
        const chosen = violations.findIndex(({ seq, rule }) => seq === link.selected && rule === link.rule)
        const isChosen = chosen >= 0
        // Clicked again, it leads to the next of those that stand here.
        const next = isChosen ? violations[(chosen + 1) % violations.length]! : first
        const warned = markOf(first) === 'warned' ? undefined : violations.find((v) => markOf(v) === 'warned')
        const more = violations.length > 1 ? ` and ${violations.length - 1} more` : ''
        return (
          <button
            type="button"
            key={`${first.rule} ${first.seq}`}
            class={`marker ${markOf(first)}`}
            aria-pressed={isChosen}
            style={{ left: `${x}px` }}
            title={`${first.summary}${more}`}
            onClick={() => go({ at: next.seq, selected: next.seq, rule: next.rule, ...(next.device === null ? {} : { row: next.device }) })}
          >
            <Sign of={first} />
            {warned !== undefined && <Sign of={warned} />}
            {violations.length > 1 && <sub aria-hidden="true">{violations.length}</sub>}
            <span class="unseen">{`${first.certainty} ${first.rule} at event ${first.seq}${more}: ${first.summary}`}</span>
          </button>
        )
      })}
    </div>
  )
}
