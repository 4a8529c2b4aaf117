import { LOG_SCHEMA_VERSION } from '../contract.ts'
import { sampleMeta } from '../samples.ts'
import { nested, storedIn, refusal, filled, type TestApi, type Fresh } from './suite-api.ts'

export function metaTests({ test, expectEqual }: TestApi, fresh: Fresh): void {
  test('a source may hold any JSON, and is cut loose from the caller', async () => {
    const text = '{"__proto__":{"polluted":1},"constructor":null,"nul":"\\u0000","list":[1.5,-0.25,{"a":[]}],"7":true,"":""}'
    const source = JSON.parse(text) as { [key: string]: number | null }
    const stored = JSON.stringify(source)
    const store = await fresh()
    const writer = await store.create(sampleMeta(source))
    source['constructor'] = 1
    await writer.close()
    await using reader = await store.open()
    expectEqual(JSON.stringify(reader.meta.source), stored)
    expectEqual(({} as { polluted?: number }).polluted, undefined)
  })

  test('what is no meta is refused, and nothing is created', async () => {
    const store = await fresh()
    const wrong: readonly unknown[] = [
      null,
      { ...sampleMeta(), epoch: 5n },
      { ...sampleMeta(), epoch: '1.5' },
      { ...sampleMeta(), source: null },
      { ...sampleMeta(), source: [] },
      { ...sampleMeta(), source: { a: undefined } },
      { ...sampleMeta(), source: { a: Number.NaN } },
      { ...sampleMeta(), source: { a: new Date(0) } },
      { ...sampleMeta(), source: { deep: nested() } },
      { ...sampleMeta(), notes: [1] },
    ]
    for (const meta of wrong) await refusal(() => store.create(meta as ReturnType<typeof sampleMeta>), 'bad-meta')
    await refusal(
      () => store.create({ ...sampleMeta(), schemaVersion: (LOG_SCHEMA_VERSION + 1) as typeof LOG_SCHEMA_VERSION }),
      'unsupported',
    )
    await refusal(() => store.open(), 'not-found')
    await filled(store, [])
    expectEqual(await storedIn(store), [])
  })
}
