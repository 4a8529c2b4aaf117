/** The subjects of a stream: `STREAM.HOST.WHAT…`. What a log has of its own is below `STREAM.HOST`. */
import { LogUsageError } from '@devtrail/event-log'
import { isAttachmentName } from '@devtrail/event-log/store'

const TOKEN = /^[A-Za-z0-9_-]{1,128}$/

const NUMBER = /^[1-9]\d{0,14}$/

/** @throws LogUsageError `bad-name`. */
export function mustBeToken(name: string, whose: string): void {
  if (TOKEN.test(name)) return
  throw new LogUsageError('bad-name', `${whose}'s name is 1 to 128 of A-Z a-z 0-9 _ -; found ${JSON.stringify(name.slice(0, 128))}`)
}

/** A name with dots as one token. */
const tokenOf = (name: string): string => name.replaceAll('.', '=')
const nameOf = (token: string): string => token.replaceAll('=', '.')

/** Whose log a subject belongs to; null where no log can be called so. Others than writers of logs may name subjects. */
export function hostOf(subject: string): string | null {
  const host = subject.split('.')[1] ?? ''
  return TOKEN.test(host) ? host : null
}

/** The attachment that a subject is of; null for another subject, and for a name that no attachment has. */
export function attachmentOf(subject: string): string | null {
  const [, , what, token] = subject.split('.')
  const name = what === 'attached' && token !== undefined ? nameOf(token) : null
  return isAttachmentName(name) ? name : null
}

/** The keyframe that a subject is of; null for another subject. */
export function keyframeOf(subject: string): { readonly fold: string; readonly seq: number } | null {
  const [, , what, token = '', seq = ''] = subject.split('.')
  return what === 'keyframe' && isAttachmentName(nameOf(token)) && NUMBER.test(seq) ? { fold: nameOf(token), seq: Number(seq) } : null
}

/** The number of the block that a subject is of which was put again; null for another subject. */
export function mendedOf(subject: string): number | null {
  const [, , what, number] = subject.split('.')
  return what === 'mended' && number !== undefined && NUMBER.test(number) ? Number(number) : null
}

export interface Subjects {
  /** All that the log has. */
  readonly all: string
  /** What the log is. */
  readonly meta: string
  /** Who writes. */
  readonly writer: string
  /** The blocks, one message each, and where one writer follows another. */
  readonly events: string
  /** Pieces of what is too large for one message. */
  readonly pieces: string
  readonly attachments: string
  readonly attachment: (name: string) => string
  readonly keyframes: (fold: string) => string
  readonly keyframe: (fold: string, seq: number) => string
  /** Blocks that were put again in the place of lost ones, by their numbers. */
  readonly allMended: string
  readonly mended: (block: number) => string
  /** Where a living writer answers; not kept. */
  readonly alive: (writer: string) => string
}

export function subjectsOf(stream: string, host: string): Subjects {
  const of = `${stream}.${host}`
  return {
    all: `${of}.>`,
    meta: `${of}.meta`,
    writer: `${of}.writer`,
    events: `${of}.events`,
    pieces: `${of}.pieces`,
    attachments: `${of}.attached.*`,
    attachment: (name) => `${of}.attached.${tokenOf(name)}`,
    keyframes: (fold) => `${of}.keyframe.${tokenOf(fold)}.*`,
    keyframe: (fold, seq) => `${of}.keyframe.${tokenOf(fold)}.${seq}`,
    allMended: `${of}.mended.*`,
    mended: (block) => `${of}.mended.${block}`,
    // Not below the stream's own subjects: what is asked there is nothing to keep.
    alive: (writer) => `devtrail-alive.${of}.${writer}`,
  }
}
