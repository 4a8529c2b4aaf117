/** Linux errno values that the models and the traces use, by number (x86-64). */
const names: Readonly<Record<number, string>> = {
  1: 'EPERM',
  2: 'ENOENT',
  4: 'EINTR',
  5: 'EIO',
  6: 'ENXIO',
  9: 'EBADF',
  11: 'EAGAIN',
  12: 'ENOMEM',
  13: 'EACCES',
  14: 'EFAULT',
  16: 'EBUSY',
  17: 'EEXIST',
  19: 'ENODEV',
  20: 'ENOTDIR',
  22: 'EINVAL',
  25: 'ENOTTY',
  28: 'ENOSPC',
  30: 'EROFS',
  34: 'ERANGE',
  38: 'ENOSYS',
  61: 'ENODATA',
  95: 'EOPNOTSUPP',
  110: 'ETIMEDOUT',
  512: 'ERESTARTSYS',
  517: 'EPROBE_DEFER',
}

/** `-EBUSY` for -16; `0` for 0; the number itself when it has no name here. */
export function errnoName(errno: number): string {
  if (errno === 0) return '0'
  const name = names[Math.abs(errno)]
  return name === undefined ? String(errno) : `${errno < 0 ? '-' : ''}${name}`
}

export const errno = {
  ENOENT: -2,
  EINTR: -4,
  EIO: -5,
  ENXIO: -6,
  EAGAIN: -11,
  ENOMEM: -12,
  EACCES: -13,
  EFAULT: -14,
  EBUSY: -16,
  EEXIST: -17,
  ENODEV: -19,
  EINVAL: -22,
  ENOTTY: -25,
  ENOSPC: -28,
  EROFS: -30,
  EOPNOTSUPP: -95,
  ERESTARTSYS: -512,
  EPROBE_DEFER: -517,
} as const
