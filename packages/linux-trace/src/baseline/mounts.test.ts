import { expect, it } from 'vitest'
import { parseMounts } from './mounts.ts'

it('a mount is told with its source, target, file system and whether it is DAX', () => {
  expect(parseMounts('/dev/pmem0 /mnt ext4 rw,relatime,dax=always 0 0\n/dev/sda / ext4 rw 0 0\n')).toEqual([
    { source: '/dev/pmem0', target: '/mnt', fstype: 'ext4', dax: true },
    { source: '/dev/sda', target: '/', fstype: 'ext4', dax: false },
  ])
})

it.each([
  ['rw,dax', true],
  ['dax=inode', true],
  ['dax=never', false],
  ['nodax,daxx', false],
])('options %s: DAX %s', (options, dax) => {
  expect(parseMounts(`/dev/pmem0 /mnt xfs ${options} 0 0`)[0]!.dax).toBe(dax)
})

it('escapes of blanks, tabs and backslashes are undone, each once', () => {
  expect(parseMounts('/dev/my\\040disk /mnt/a\\011b\\134040 ext4 rw 0 0')[0]).toMatchObject({
    source: '/dev/my disk',
    target: '/mnt/a\tb\\040',
  })
})

it('what is no escape stays', () => {
  expect(parseMounts('/dev/x /a\\9\\04 ext4 rw')[0]!.target).toBe('/a\\9\\04')
})

it('lines with too few columns, blank ones and CRs are no mounts', () => {
  expect(parseMounts('\n/dev/x\n/dev/x /mnt\n\r\n/dev/pmem0 /mnt ext4\r\n')).toEqual([
    { source: '/dev/pmem0', target: '/mnt', fstype: 'ext4', dax: false },
  ])
})
