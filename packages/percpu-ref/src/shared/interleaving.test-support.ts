/** What other threads could do in between, done in the middle of a call. */

const writes = ['store', 'add', 'and', 'or', 'exchange', 'compareExchange'] as const

export interface Step {
  readonly op: (typeof writes)[number]
  /** The word that is written. */
  readonly index: number
}

/** Runs `call`, and `others` before or after each atomic write in it; what `others` writes itself does not count. */
export function interleaved<T>(call: () => T, when: 'before' | 'after', others: (step: Step) => void): T {
  const target = Atomics as unknown as Record<string, (words: Int32Array, index: number, ...values: number[]) => number>
  const originals = writes.map((op) => [op, target[op]!] as const)
  let isOther = false
  const other = (step: Step): void => {
    if (isOther) return
    isOther = true
    try {
      others(step)
    } finally {
      isOther = false
    }
  }
  for (const [op, original] of originals) {
    target[op] = (words, index, ...values) => {
      if (when === 'before') other({ op, index })
      const found = original(words, index, ...values)
      if (when === 'after') other({ op, index })
      return found
    }
  }
  try {
    return call()
  } finally {
    for (const [op, original] of originals) target[op] = original
  }
}
