const BLOCK_BYTES = 512
const END = Buffer.alloc(2 * BLOCK_BYTES)

/** A tar archive with one plain file, the same bytes for the same file. */
export const tarOf = (name: string, content: Buffer): Buffer => {
  const header = Buffer.alloc(BLOCK_BYTES)
  header.write(name, 0)
  header.write('0000644\0', 100)
  header.write('0000000\0', 108)
  header.write('0000000\0', 116)
  header.write(`${content.byteLength.toString(8).padStart(11, '0')}\0`, 124)
  header.write('00000000000\0', 136)
  // The checksum is taken with spaces in its own place.
  header.write('        ', 148)
  header.write('0', 156)
  header.write('ustar\x0000', 257)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  const padding = (BLOCK_BYTES - (content.byteLength % BLOCK_BYTES)) % BLOCK_BYTES
  return Buffer.concat([header, content, Buffer.alloc(padding), END])
}
