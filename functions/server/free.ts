/**
 * Gives the memory of bytes back at once, if it is theirs alone. The collector finds such memory only in a full
 * collection, and runs one for every 20 MB or so of what passes: that took half of the processor's time in uploads, and
 * the process grew in between.
 */
export const free = ({ buffer, byteLength }: Uint8Array): void => {
  // Small buffers may be slices of memory that others use.
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0)
}
