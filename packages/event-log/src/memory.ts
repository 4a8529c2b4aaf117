import type { Vocabulary } from '@devtrail/events'
import type { LogStore, LogWriter } from './contract.ts'
import { LogUsageError } from './errors.ts'
import type { Held } from './memory/held.ts'
import { MemoryReader } from './memory/reader.ts'
import { MemoryWriter } from './memory/writer.ts'
import { checkedMeta } from './meta.ts'
import { mustBeVocabulary } from './must-be-vocabulary.ts'

function writing(held: Held): LogWriter {
  if (held.writing) throw new LogUsageError('locked', 'another writer has this log open; close it first')
  held.writing = true
  return new MemoryWriter(held)
}

/**
 * A place in this process's memory for one log: for tests, simulation and the browser. Events are visible to readers at
 * once, and yet never more than `buffered`: they die with the process.
 */
export function memoryStore(vocabulary: Vocabulary): LogStore {
  mustBeVocabulary(vocabulary)
  let held: Held | null = null
  const existing = (): Held => {
    if (held === null) throw new LogUsageError('not-found', 'no log has been created in this memory store')
    return held
  }
  return {
    async create(meta) {
      if (held !== null) throw new LogUsageError('exists', 'this memory store already holds a log; append to it or use another store')
      held = {
        vocabulary,
        meta: checkedMeta(meta),
        events: [],
        attachments: new Map(),
        waiting: new Set(),
        keyframes: new Map(),
        writing: false,
      }
      return writing(held)
    },
    async append() {
      return writing(existing())
    },
    async open() {
      return new MemoryReader(existing())
    },
  }
}
