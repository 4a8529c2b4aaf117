/** Says that a server takes nothing at the moment, for as long as it does not. */

/** How long nothing is said: leaders change, and servers are slow now and then. */
const QUIET_MS = 4000
/** How often it is said again. */
const AGAIN_MS = 60_000

/** What a store tells while it waits. @param patienceMs how long it does; Infinity for ever. */
export function tellWaiting(
  where: string,
  patienceMs: number,
  note: (text: string) => void,
  now = () => performance.now(),
): (ms: number) => void {
  let saidAt = -Infinity
  const until = patienceMs === Infinity ? 'until it does' : `for ${patienceMs / 1000} s in all`
  return (ms) => {
    if (ms < QUIET_MS || now() - saidAt < AGAIN_MS) return
    saidAt = now()
    note(`${where} takes nothing at the moment (no answer, or no majority of its servers); trying again ${until}`)
  }
}
