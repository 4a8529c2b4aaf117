import type { Command } from 'commander'

export const IMAGE = 'a file or block device with the bytes of a namespace, one packed with gzip or zstd, or - for stdin'

/** `--offset` and `--size`, for a namespace that is a part of the image. */
export function withRange(command: Command): Command {
  return command
    .option('--offset <BYTES>', 'where the namespace begins within the image (default 0)')
    .option('--size <BYTES>', 'bytes of the namespace (default: to the end; a label area behind it does no harm)')
}
