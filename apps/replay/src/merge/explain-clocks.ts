/** Why clocks could not be put on one line, and what to do. */
import { durationText } from '@devtrail/survey'
import { ContradictionError, UnplacedClockError, TimeOutOfRangeError, type Why } from '@devtrail/time-travel'
import { exit, Failure } from '../session/failure.ts'

const bootText = (host: string, boot: number): string => (boot === 0 ? host : `${host}#${boot + 1}`)

function whyText(why: Why): string {
  if (why.kind === 'given') return `--offset ${bootText(why.host, why.boot)}`
  if (why.kind === 'reboot') return `reboot ${why.boot} of ${why.host}: what its log says after it came after what it says before`
  const { id, early, late } = why
  return `${id.replace(/^(?:mark|pair \d+) /, '')} (event ${early.seq} of ${early.host}, not after event ${late.seq} of ${late.host})`
}

const MARKS_SAY =
  'put marks around a message between the machines (echo "sync ID out" > trace_marker before it is sent, "sync ID in" after it came; both ways), name paired events with --pair'

/** A failure that says what to do; anything else as it is. */
export function explained(error: unknown): unknown {
  if (error instanceof ContradictionError) {
    const { whys, by } = error as ContradictionError<Why>
    const all = whys.map((why) => `  ${whyText(why)}\n`).join('')
    return new Failure(
      exit.damaged,
      `what is said of the clocks cannot all be true; it is ${durationText(by)} apart:\n${all}leave out what is wrong, allow clocks that part faster (--drift), or say what is known by hand (--offset)`,
    )
  }
  if (error instanceof UnplacedClockError) {
    const name = bootText(error.host, error.boot)
    const boot = error.boot === 0 ? '' : ` after its reboot ${error.boot}`
    const found = error.isOneSided ? 'paired events bound it from one side only' : 'no paired events tell'
    return new Failure(
      exit.usage,
      `how the clock of ${error.host}${boot} stands to the reference is not known: ${found}; say it by hand (--offset ${name}=+1.25s±2ms), ${MARKS_SAY}, or claim no order between it and the other hosts (--offset ${name}=unknown)`,
    )
  }
  if (error instanceof TimeOutOfRangeError)
    return new Failure(
      exit.damaged,
      `${error.message}, which a log cannot hold; give ${error.host} another offset (--offset ${error.host}=…), or take another host for the time line (--reference)`,
    )
  return error
}
