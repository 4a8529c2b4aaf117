import { ACK_LEVELS } from './contract.ts'
import { LogUsageError } from './errors.ts'

/** @throws LogUsageError `bad-range` for what is no level: it would be acknowledged as if it were one. */
export function mustBeLevel(level: unknown): void {
  if ((ACK_LEVELS as readonly unknown[]).includes(level)) return
  throw new LogUsageError('bad-range', `a level is one of ${ACK_LEVELS.join(', ')}; found ${JSON.stringify(level)}`)
}
