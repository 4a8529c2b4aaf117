/** Damage of logs, as commands print it. */
import type { LogDamagedError, TornTail } from '@devtrail/event-log'
import { number, plural } from '@devtrail/survey'
import type { Session } from '../session/session.ts'

export const FOLDER = 'a log folder that devtrail wrote'

export const damageJson = ({ file, offset, expected, found, todo }: LogDamagedError): object => ({ file, offset, expected, found, todo })

export function damageText({ file, offset, expected, found }: LogDamagedError, session: Session): string {
  return `${session.style.bad('damaged')} ${file}, byte ${number(offset)}: expected ${expected}, found ${found}\n`
}

export const tailText = ({ bytes, afterSeq }: TornTail): string => `${plural(bytes, 'byte')} after event ${afterSeq}`
