/** The worker: opens the log, reads it once in the background, and answers the page in between. */
import type { LogFiles } from '@devtrail/event-log/read'
import type { Asked, OpenRequest, Told } from '../protocol.ts'
import { filesAt } from './files.ts'
import { LogSession } from './log-session.ts'

/** Milliseconds between two tellings of how far the reading has come; more where there is much to tell. */
const TELL_MS = 150

/** What is told takes its time, here and for the page: so many times as long is not told anything. */
const TELL_PART = 50
/** Milliseconds of work between two looks for what the page asks. */
const SLICE_MS = 12

const nextTurn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0))

const scope = self as unknown as {
  postMessage(told: Told, transfer?: readonly ArrayBufferLike[]): void
  addEventListener(type: 'message', listener: (event: MessageEvent<Asked>) => void): void
}

const tell = (told: Told): void => scope.postMessage(told)

let session: LogSession | null = null

async function tellScan(of: LogSession, isBroken = false): Promise<void> {
  const violations = await of.violations()
  const timeline = of.timeline()
  // Handed over, not copied: the page has nothing to do for it.
  const columns = timeline.rows.flatMap(({ bins, counts, lanes }) => [
    bins,
    counts,
    ...lanes.flatMap(({ seqs, times, looks }) => [seqs, times, looks]),
  ])
  const told: Told = { kind: 'scan', scan: { ...timeline, violations, isBroken } }
  scope.postMessage(
    told,
    [timeline.binTimes, ...columns].map(({ buffer }) => buffer),
  )
}

/** Reads to the end, telling how far it has come. */
async function read(of: LogSession): Promise<void> {
  let until = performance.now() + SLICE_MS
  let next = performance.now() + TELL_MS
  const giveWay = async (): Promise<void> => {
    if (performance.now() > next) {
      const begun = performance.now()
      await tellScan(of)
      next = performance.now() + Math.max(TELL_MS, TELL_PART * (performance.now() - begun))
    }
    await nextTurn()
    until = performance.now() + SLICE_MS
  }
  try {
    await of.scan.run(of.source, () => (performance.now() > until ? giveWay() : null))
  } catch (error) {
    await tellScan(of, true)
    throw error
  }
  await tellScan(of)
}

const AWAY = 'devtrail serve cannot be reached: it has ended, or is busy. What was read of the log stays; start it again to read on'
let isAway = false

function tellAway(now: boolean): void {
  if (now !== isAway) tell({ kind: 'notice', words: now ? AWAY : null })
  isAway = now
}

/** Goes on whenever something happened to the log. */
function follow(of: LogSession, base: string): void {
  let isAgain = false
  let isBusy = false
  const look = async (): Promise<void> => {
    isAgain = true
    if (isBusy) return
    isBusy = true
    try {
      while (isAgain) {
        isAgain = false
        if (!(await of.again())) continue
        tell({ kind: 'grown', opened: of.opened })
        await read(of)
      }
    } catch (error) {
      tell({ kind: 'notice', words: messageOf(error) })
    } finally {
      isBusy = false
    }
  }
  const source = new EventSource(`${base}../follow`)
  source.addEventListener('grown', () => void look())
  source.addEventListener('changed', () => void look())
  source.addEventListener('error', () => tellAway(true))
  source.addEventListener('open', () => {
    tellAway(false)
    // What came while nobody was told.
    void look()
  })
}

async function open({ place, fold }: OpenRequest): Promise<LogSession['opened']> {
  const files: LogFiles = filesAt(place, tellAway)
  session = await LogSession.open({ fold }, files)
  const opened = session
  const readAll = async (): Promise<void> => {
    await opened.foresee()
    await read(opened)
  }
  void readAll().then(() => (place.kind === 'served' ? follow(opened, place.base) : undefined), fail)
  return opened.opened
}

function fail(error: unknown): void {
  tell({ kind: 'failure', id: 0, message: messageOf(error) })
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

async function answer({ question, of }: Asked): Promise<unknown> {
  if (question === 'open') return open(of as OpenRequest)
  if (session === null) throw new Error('the log is not open yet')
  if (question === 'rows') {
    session.named = (of as { readonly named: string }).named
    await tellScan(session)
    return null
  }
  return session.answer(question, of as never)
}

scope.addEventListener('message', ({ data }) => {
  answer(data).then(
    (value) => tell({ kind: 'answer', id: data.id, value }),
    (error: unknown) => tell({ kind: 'failure', id: data.id, message: messageOf(error) }),
  )
})
