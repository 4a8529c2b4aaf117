import { describe, expect, it } from 'vitest'
import { enter, imported, on, ret, type Told } from './trace.test-support.ts'

const pin = on('pin-135')
const iomem = '100000000-13fffffff : Persistent Memory\n  100000000-13fffffff : namespace0.0\n140000000-17fffffff : Persistent Memory\n'
const ndctl = (mode: string): string => JSON.stringify([{ dev: 'namespace0.0', mode, ...(mode === 'fsdax' ? { blockdev: 'pmem0' } : {}) }])
const OTHER = '/dev/pmem1 /mnt ext4 rw 0 0\n'
const MOUNTED = '/dev/pmem0 /mnt ext4 rw,dax 0 0\n'

/** A lookup of a page: the first that is seen of its pagemap. */
const looked = (texts: { iomem?: string; ndctl?: string; mounts?: string }, pfn = '0x109300'): Promise<Told> =>
  imported([pin(enter('get_dev_pagemap', `pfn=${pfn} cached=0x0`)), pin(ret('get_dev_pagemap', '0xff3fdf9170e6c0b0'))], texts)
const idle = async (...of: Parameters<typeof looked>): Promise<unknown> => (await looked(...of)).data('memremap/pagemap-found')[0]!['idle']

describe('no page can have been referenced when the recording began', () => {
  it('where the namespace is an fsdax one and its disk was not mounted', async () => {
    expect(await idle({ iomem, ndctl: ndctl('fsdax'), mounts: OTHER })).toBe(true)
  })

  it('which cannot be said of a mounted one', async () => {
    expect(await idle({ iomem, ndctl: ndctl('fsdax'), mounts: OTHER + MOUNTED })).toBe(false)
  })

  it('nor of a device-dax, which any process may have mapped', async () => {
    expect(await idle({ iomem, ndctl: ndctl('devdax'), mounts: '' })).toBe(false)
  })

  it('nor where the mounts, the namespaces or the tree were not recorded', async () => {
    expect(await idle({ iomem, ndctl: ndctl('fsdax') })).toBe(false)
    expect(await idle({ iomem, mounts: '' })).toBe(false)
    expect(await idle({ ndctl: ndctl('fsdax'), mounts: '' })).toBe(false)
  })

  it('nor of a page that lies in no namespace', async () => {
    expect(await idle({ iomem, ndctl: ndctl('fsdax'), mounts: '' }, '0x140000')).toBe(false)
  })
})

describe('a pagemap whose owner was never named', () => {
  it('is told at the end to lie in the namespace of its pages', async () => {
    const told = await looked({ iomem, ndctl: ndctl('fsdax') })
    const namespace = told.data('nvdimm-pmem/namespace-found')[0]!['device']
    expect(told.all('memremap/pagemap-identified')).toMatchObject([{ data: { pagemap: 1, device: null, namespace }, inferred: true }])
  })

  it('is nobody’s where its pages lie in no namespace', async () => {
    expect((await looked({ iomem, ndctl: ndctl('fsdax') }, '0x140000')).data('memremap/pagemap-identified')).toEqual([])
  })
})
