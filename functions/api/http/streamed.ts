/** A body of lines, read as fast as the client takes them. */
export const streamed = (lines: AsyncGenerator<string>): ReadableStream<Uint8Array> => {
  const encoder = new TextEncoder()
  return new ReadableStream({
    pull: async (controller) => {
      const next = await lines.next()
      if (next.done === true) controller.close()
      else controller.enqueue(encoder.encode(`${next.value}\n`))
    },
    cancel: async () => {
      await lines.return(undefined)
    },
  })
}
