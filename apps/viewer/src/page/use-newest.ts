import { useEffect, useMemo, useState } from 'preact/hooks'
import { newest } from './worker-client.ts'

/** The worker's answer to what is wanted now; the last one stays until there is a new one. */
export function useNewest<A, T>(ask: (of: A) => Promise<T>, of: A | null, fail: (words: string) => void, again: unknown = null): T | null {
  const [told, setTold] = useState<T | null>(null)
  const asking = useMemo(
    () =>
      newest<A, T>(
        ask,
        (value) => setTold(value),
        (error) => fail(error.message),
      ),
    [ask],
  )
  useEffect(() => {
    if (of === null) setTold(null)
    else asking(of)
  }, [asking, JSON.stringify(of), again])
  return told
}
