/** What is used of hash-wasm, which has many more. */
export { createSHA256, createSHA512 } from 'hash-wasm'
