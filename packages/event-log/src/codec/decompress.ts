/**
 * Gives back what a zstd frame was made of, `size` bytes. Memory beyond `size` is never taken.
 * @throws when it is no whole frame, or one of more bytes.
 */
export type Decompress = (frame: Uint8Array, size: number) => Uint8Array<ArrayBuffer>
