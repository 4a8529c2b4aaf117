import { devicesNamed, NoSuchDeviceError, selectDevices, type Expression, type Machine } from '@devtrail/time-travel'
import type { OpenLog } from '../logs/open.ts'
import type { Survey } from '@devtrail/survey'
import { chooseDevicesEver } from './positions.ts'
import type { Session } from '../session/session.ts'

/** The keys of all devices that a name may mean, of those that are gone as well. */
export function keysOf(name: string, machine: Machine, { names }: Survey): string[] {
  try {
    return [...new Set(selectDevices(name, machine.devices(), (id) => machine.aliases(id)).map((d) => names.device(d.id)))]
  } catch (error) {
    if (error instanceof NoSuchDeviceError) return []
    throw error
  }
}

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
    if (name === undefined) continue
    if (!isCalled(name)) await chooseDevicesEver(name, log, survey, session, true)
    const keys = keysOf(name, machine, survey)
    if (keys.length > 1)
      session.note(`"${name}" means several devices: ${keys.join(', ')}; each answer is about the one of which there is something to tell`)
  }
}
