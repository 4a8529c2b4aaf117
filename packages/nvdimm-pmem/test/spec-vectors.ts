/**
 * The vectors of the specification that are this package's, by the number under which tests cite them. What has no number there is cited by its section.
 * Not here: how traces are written (§6 (c), linux-trace's), ndctl's answers about a machine of its own, and PMDK's pools, which this package does not read.
 */
export const specVectors: { readonly [cited: string]: string } = {
  '§1 (c) 1': 'a region that is busy is -EBUSY, and there is no queue',
  '§1 (c) 2': 'no queue is -ENOMEM after the region',
  '§1 (c) 3': 'memremap_pages fails: one cleanup',
  '§1 (c) 4': 'a mapping that is NULL is success',
  '§1 (c) 5': '1 GiB, plain',
  '§1 (c) 6': 'the seed, RAM, 1 GiB',
  '§1 (c) 7': 'the seed, PMEM, 1 GiB',
  '§1 (c) 8': 'the seed, PMEM, 128 MiB',
  '§1 (c) 9': 'the seed, PMEM, 256 MiB',
  '§1 (c) 10': 'the seed, PMEM, 4 GiB',
  '§1 (c) 11': 'the seed, PMEM, 16 GiB',
  '§1 (c) 12': 'the seed, PMEM, 1 TiB',
  '§1 (c) 13': 'the seed, 127 MiB',
  '§1 (c) 14': 'rw_bytes at the end',
  '§1 (c) 15': '6.1, 0x3f000000 bytes at 4 GiB',
  '§1 (c) 16': '6.1, an alignment of 1 GiB',
  '§1 (c) 17': '6.1, 1 GiB and 1 MiB',
  '§1 (c) 18': 'direct_access(8)',
  '§2 (c)': 'what sysfs answered',
  '§3 (c) geometry': 'arenas by size and sector',
  '§3 (c) checksums': 'Fletcher64, and superblocks byte for byte',
  '§4 (c)': 'a BTT of 32 MiB, word for word',
  '§5 (c) sizes': 'bytes of the block devices that ndctl printed',
}
