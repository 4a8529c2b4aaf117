/** Whether this machine has the byte order of the media. */
export const isLittleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1
