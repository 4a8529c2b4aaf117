import { devicesNamed, type Expression } from '@devtrail/time-travel'
import type { OpenLog } from '../logs/open.ts'
import type { Survey } from '@devtrail/survey'
import { chooseDevicesEver } from './positions.ts'
import type { Session } from '../session/session.ts'

/**
 * Every device that an expression names has to be in the log at some time, so that a misspelt one is not taken for one that
 * is not there yet.
 * @throws NoSuchDeviceError, with a suggestion
 */
export async function mustBeKnown(
  expression: Expression,
  device: string | undefined,
  log: OpenLog,
  survey: Survey,
  session: Session,
): Promise<void> {
  const named = expression.paths.map((path) => path.device?.name ?? device)
  const machine = await log.history.end()
  const isCalled = (name: string): boolean => devicesNamed(name, machine.devices(), (id) => machine.aliases(id)).length > 0
  for (const name of new Set(named)) {
    if (name !== undefined && !isCalled(name)) await chooseDevicesEver(name, log, survey, session, true)
  }
}
