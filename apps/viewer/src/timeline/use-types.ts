import { useEffect, useState } from 'preact/hooks'
import type { WorkerClient } from '../page/worker-client.ts'

/** Milliseconds that one must stand still before they are asked for. */
const SETTLED_MS = 150

/** The types of the first events of a row from one of them on: what a tick stands for, in words. */
export function useTypes(client: WorkerClient, row: string, from: number | null, limit: number): ReadonlyMap<number, string> {
  const [types, setTypes] = useState<ReadonlyMap<number, string>>(new Map())
  useEffect(() => {
    if (from === null) return undefined
    let isOld = false
    const timer = setTimeout(() => {
      client.ask('find', { where: '', device: row, from, backwards: false, limit }).then(
        (found) => isOld || setTypes(new Map(found.map(({ seq, type }) => [seq, type]))),
        // Then the numbers are all that is said.
        () => undefined,
      )
    }, SETTLED_MS)
    return () => {
      isOld = true
      clearTimeout(timer)
    }
  }, [client, row, from, limit])
  return types
}
