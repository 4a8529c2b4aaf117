/** What a CPU did to a persistent medium, in program order. */
export type PersistOp =
  | { readonly kind: 'store'; readonly cpu: number; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'flush'; readonly cpu: number; readonly at: number; readonly length: number }
  /** Waits for the flushes of its own CPU; those of others go on. */
  | { readonly kind: 'fence'; readonly cpu: number }

/** Stores up to this length are one word, and whole or not there. */
export const WORD_BYTES = 8

export function opText(op: PersistOp): string {
  const who = `cpu ${op.cpu}`
  if (op.kind === 'fence') return `${who} fence`
  return `${who} ${op.kind} of ${op.kind === 'store' ? op.bytes.length : op.length} bytes at ${op.at}`
}
