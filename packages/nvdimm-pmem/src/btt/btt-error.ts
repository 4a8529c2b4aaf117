/** A BTT that cannot be used: why, where, and with which errno the kernel says so. */
export class BttError extends Error {
  override readonly name = 'BttError'
  readonly errno: number
  /** Byte of the medium that it is about. */
  readonly at: number

  constructor(errno: number, at: number, message: string, options?: ErrorOptions) {
    super(`${message} (at byte ${at})`, options)
    this.errno = errno
    this.at = at
  }
}
