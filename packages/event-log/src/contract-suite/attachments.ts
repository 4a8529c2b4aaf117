import { NAME_CHARS_MAX } from '../limits.ts'
import { sampleEvent, sampleMeta } from '../samples.ts'
import { noise, refusal, type TestApi, type Fresh } from './suite-api.ts'

const MEBIBYTE = 1024 * 1024

async function* broken(): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(10)
  throw new Error('the source broke')
}

/** As the Buffer of Node. */
class SharingBytes extends Uint8Array {
  override slice(from?: number, to?: number): Uint8Array<ArrayBuffer> {
    return this.subarray(from, to)
  }
}

export function attachmentTests({ test, expectEqual }: TestApi, fresh: Fresh): void {
  test('attachments come back byte for byte, listed by name', async () => {
    const store = await fresh()
    const sizes = [0, 1, MEBIBYTE - 1, MEBIBYTE, MEBIBYTE + 1, 3 * MEBIBYTE + 17]
    const names = sizes.map((size) => `iomem.before-${String(size).padStart(8, '0')}_x.json`)
    const writer = await store.create(sampleMeta())
    await Promise.all(names.toReversed().map((name, i) => writer.attach(name, noise(sizes.at(-1 - i)!))))
    await writer.close()
    await using reader = await store.open()
    expectEqual(
      await reader.attachments(),
      names.map((name, i) => ({ name, bytes: sizes[i] })),
    )
    for (const [i, name] of names.entries()) {
      const whole = noise(sizes[i]!)
      const read = await reader.attachment(name)
      expectEqual([read.length, read.every((byte, at) => byte === whole[at])], [whole.length, true])
      let length = 0
      for await (const chunk of reader.attachmentChunks(name)) length += chunk.length
      expectEqual(length, whole.length)
    }
  })

  test('bytes may change once they were handed over, also those of an array whose copies share its memory', async () => {
    const store = await fresh()
    const writer = await store.create(sampleMeta())
    const bytes = new SharingBytes([1, 2, 3])
    const attaching = writer.attach('a', bytes)
    bytes.fill(0)
    await attaching
    await writer.close()
    await using reader = await store.open()
    expectEqual([...(await reader.attachment('a'))], [1, 2, 3])
  })

  test('an attachment may be streamed in while events are appended', async () => {
    const store = await fresh()
    const writer = await store.create(sampleMeta())
    async function* entries(): AsyncGenerator<Uint8Array> {
      const buffer = new Uint8Array(MEBIBYTE - 3)
      for (let seq = 1; seq <= 4; seq++) {
        await writer.append([sampleEvent(seq)])
        await writer.flush(writer.strongest)
        yield buffer.fill(seq)
      }
    }
    await writer.attach('entries.raw', entries())
    await writer.close()
    await using reader = await store.open()
    const bytes = await reader.attachment('entries.raw')
    expectEqual([bytes.length, bytes[0], bytes[MEBIBYTE - 3], bytes.at(-1)], [4 * (MEBIBYTE - 3), 1, 2, 4])
    expectEqual(reader.lastSeq, 4)
  })

  test('an attachment whose source fails is not there, and its name stays free', async () => {
    const store = await fresh()
    const writer = await store.create(sampleMeta())
    let message = ''
    await writer.attach('raw', broken()).catch((error: Error) => (message = error.message))
    expectEqual(message, 'the source broke')
    await writer.attach('raw', new Uint8Array([1]))
    await writer.close()
    await using reader = await store.open()
    expectEqual(await reader.attachments(), [{ name: 'raw', bytes: 1 }])
  })

  test('a name is taken once, also over several writers', async () => {
    const store = await fresh()
    const writer = await store.create(sampleMeta())
    const bytes = new Uint8Array([1, 2])
    const kept = writer.attach('a', bytes)
    bytes[0] = 9
    await kept
    await refusal(() => writer.attach('a', bytes), 'exists')
    await writer.close()
    const next = await store.append()
    await refusal(() => next.attach('a', bytes), 'exists')
    await next.close()
    await using reader = await store.open()
    expectEqual([...(await reader.attachment('a'))], [1, 2])
    await refusal(() => reader.attachment('b'), 'not-found')
  })

  test('names that could leave the folder, or hide, are refused', async () => {
    const store = await fresh()
    await using writer = await store.create(sampleMeta())
    const long = 'x'.repeat(NAME_CHARS_MAX)
    await writer.attach(long, new Uint8Array())
    const names = [
      '',
      '.',
      '..',
      '../x',
      '/etc/passwd',
      'a/b',
      'a\\b',
      '.hidden',
      '-rf',
      'A',
      'a b',
      'a\0',
      'ü',
      'a\n',
      `${long}x`,
      '__proto__',
      7,
    ]
    for (const name of names) await refusal(() => writer.attach(name as string, new Uint8Array()), 'bad-name')
    await writer.flush('written')
    await using reader = await store.open()
    for (const name of names) await refusal(() => reader.attachment(name as string), 'bad-name')
    expectEqual(await reader.attachments(), [{ name: long, bytes: 0 }])
  })
}
