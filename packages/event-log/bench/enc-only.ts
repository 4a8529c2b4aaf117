import { BlockBuilder } from '../src/codec/block-builder.ts'
import { ByteWriter } from '../src/codec/bytes.ts'
import { makeEvents, vocabulary } from './events.ts'
import { DictionaryWriter } from '../src/codec/dictionary.ts'
const events = makeEvents(40960)
const out = new ByteWriter(1 << 17)
for (let r = 0; r < 120; r++) {
  const t = process.hrtime.bigint()
  const builder = new BlockBuilder(vocabulary, new DictionaryWriter())
  for (const e of events) { builder.add(e); if (builder.count === 4096) { out.clear(); builder.finish(out) } }
  if (r % 30 === 29) console.log(Number(process.hrtime.bigint() - t) / 40960)
}
