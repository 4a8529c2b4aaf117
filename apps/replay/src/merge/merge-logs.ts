/** Merges open logs into a new one, with keyframes on the way. */
import { dirname, resolve } from 'node:path'
import { LOG_SCHEMA_VERSION, type LogMeta } from '@devtrail/event-log'
import { createFileLog } from '@devtrail/event-log/file'
import type { Json } from '@devtrail/events'
import {
  LogBlocks,
  lookThrough,
  mergeHosts,
  placeClocks,
  type GivenOffset,
  type HappeningFinder,
  type HostLook,
  type Merged,
  type PlacedClock,
} from '@devtrail/time-travel'
import { vocabulary } from '@devtrail/survey'
import { exit, Failure } from '../session/failure.ts'
import type { Session } from '../session/session.ts'
import { KeyframedIntake } from '../logs/keyframed-intake.ts'
import type { OpenLog } from '../logs/open.ts'
import { makeFolders, writing } from '../logs/writable.ts'
import { explained } from './explain-clocks.ts'

/** The attachment in which a merged log says what it was made of: {@link MergeReport} as JSON. */
export const MERGE = 'merge.json'

export interface Wanted {
  readonly hosts: readonly { readonly name: string; readonly log: OpenLog }[]
  /** Place of the host whose clock is the time line. */
  readonly reference: number
  readonly drift: number
  readonly given: ReadonlyMap<string, ReadonlyMap<number, GivenOffset>>
  readonly finders: readonly HappeningFinder[]
}

export interface HostReport {
  readonly name: string
  readonly from: string
  readonly look: HostLook
  readonly clocks: readonly PlacedClock[]
}

export interface MergeReport extends Merged {
  readonly hosts: readonly HostReport[]
  /** Happenings that several hosts tell of; and such as say nothing, for one host tells them twice. */
  readonly pairs: number
  readonly ambiguous: number
}

function metaOf({ hosts, reference, drift }: Wanted): LogMeta {
  const source: { [key: string]: Json } = {
    kind: 'merged',
    hosts: hosts.map(({ name }) => name),
    reference: hosts[reference]!.name,
    drift,
  }
  return { schemaVersion: LOG_SCHEMA_VERSION, epoch: hosts[reference]!.log.reader.meta.epoch, source, notes: [] }
}

/** Reads each log once for what places its clock. */
async function look({ hosts, finders }: Wanted, session: Session, signal: AbortSignal): Promise<HostLook[]> {
  const looks: HostLook[] = []
  let read = 0
  for (const { name, log } of hosts) {
    const found = await lookThrough(new LogBlocks(log.source).blocks(), finders, (block) => {
      signal.throwIfAborted()
      session.progress((read += block.count), 'events read')
    })
    if (found.isMerged)
      throw new Failure(
        exit.usage,
        `${log.given} is of several hosts already (it would be host ${name}); merge the logs that it was made of`,
      )
    if (found.firstSeq > 1)
      throw new Failure(exit.usage, `the head of ${log.given} is gone (it begins at event ${found.firstSeq}): only whole logs are merged`)
    if (found.toldMore > 0)
      session.note(`${log.given}: ${found.toldMore} more events that could be paired are not used; ${found.told.length} are enough`)
    looks.push(found)
  }
  return looks
}

/** Merges into a folder that is not there yet; nothing is left of it when that fails. */
export async function mergeTo(folder: string, wanted: Wanted, session: Session): Promise<MergeReport> {
  const { hosts, reference, drift, given } = wanted
  const above = dirname(resolve(folder))
  return writing(above, `a log at ${folder}`, 'name another folder with -o', async () => {
    await makeFolders(above)
    return session.interrupt.shield(async (signal) => {
      try {
        const looks = await look(wanted, session, signal)
        for (const [i, { name }] of hosts.entries())
          for (const boot of given.get(name)!.keys())
            if (boot >= looks[i]!.boots.length)
              throw new Failure(exit.usage, `--offset ${name}#${boot + 1}: its log has ${looks[i]!.boots.length} boot(s)`)
        const clocks = hosts.map(({ name }, i) => ({ name, look: looks[i]!, given: given.get(name)! }))
        const placed = placeClocks(clocks, reference, drift)
        await using writer = await createFileLog(folder, metaOf(wanted), vocabulary, { atomic: true, compress: true })
        const intake = new KeyframedIntake(writer)
        const inputs = hosts.map(({ name, log }, i) => ({
          name,
          isReference: i === reference,
          blocks: () => new LogBlocks(log.source).blocks(),
          look: looks[i]!,
          clocks: placed.clocks[i]!,
        }))
        const merged = await mergeHosts(inputs, vocabulary, (event) => {
          if (event.seq % 1024 === 0) {
            signal.throwIfAborted()
            session.progress(event.seq, 'events merged')
          }
          return intake.take(event)
        })
        const report: MergeReport = {
          ...merged,
          pairs: placed.pairs,
          ambiguous: placed.ambiguous,
          hosts: hosts.map(({ name, log }, i) => ({ name, from: log.given, look: looks[i]!, clocks: placed.clocks[i]! })),
        }
        await writer.attach(MERGE, new TextEncoder().encode(`${JSON.stringify(attached(report, wanted), null, 2)}\n`))
        await writer.close()
        session.clearProgress()
        return report
      } catch (error) {
        throw explained(error)
      }
    })
  })
}

/** What a merged log keeps of the logs it was made of. */
function attached({ hosts, pairs, ambiguous }: MergeReport, wanted: Wanted): object {
  return {
    version: 1,
    reference: wanted.hosts[wanted.reference]!.name,
    drift: wanted.drift,
    pairs,
    ambiguous,
    hosts: hosts.map(({ name, from, look: { events, boots, complete } }, i) => {
      const { meta } = wanted.hosts[i]!.log.reader
      const summary = wanted.hosts[i]!.log.imported?.summary
      return { name, from, events, boots: boots.length, complete, source: meta.source, notes: [...meta.notes, ...(summary?.notes ?? [])] }
    }),
  }
}
