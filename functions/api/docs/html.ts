/** Text that is HTML already; only `markup` makes it, out of what is in the source code. */
export type Html = { readonly html: string }

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/**
 * Makes HTML of a template; every value that is not HTML already is escaped. Not called `html`: prettier would lay out
 * its templates anew, and the policy of the page names its style by the hash of every blank.
 */
export const markup = (
  parts: TemplateStringsArray,
  ...values: readonly (string | Html | readonly Html[])[]
): Html => ({
  html: parts
    .map((part, index) => {
      const value = values[index]
      return value === undefined ? part : part + textOf(value)
    })
    .join(''),
})

const textOf = (value: string | Html | readonly Html[]): string => {
  if (typeof value === 'string') return escapeHtml(value)
  return 'html' in value ? value.html : value.map(({ html: text }) => text).join('')
}

const escapeHtml = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (character) => ESCAPES[character] ?? '')
