import { LogUsageError } from './errors.ts'
import { NAME_CHARS_MAX } from './limits.ts'

const NAME = /^[a-z0-9][a-z0-9._-]*$/

/** Whether it may name an attachment: such a name is a file name everywhere and cannot leave its folder. */
export function isAttachmentName(name: unknown): name is string {
  return typeof name === 'string' && name.length <= NAME_CHARS_MAX && NAME.test(name)
}

/** @throws LogUsageError `bad-name`. */
export function mustBeAttachmentName(name: unknown, whose = 'an attachment'): asserts name is string {
  if (isAttachmentName(name)) return
  const found = typeof name === 'string' ? JSON.stringify(name.slice(0, NAME_CHARS_MAX)) : `a ${typeof name}`
  throw new LogUsageError(
    'bad-name',
    `${whose}'s name is 1 to ${NAME_CHARS_MAX} of a-z 0-9 . _ - and starts with a letter or digit; found ${found}`,
  )
}
