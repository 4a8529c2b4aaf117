/** A recording that cannot be read: the message says where, what was expected, what was found and what to do. */
export class RecordingError extends Error {
  override readonly name = 'RecordingError'
}
