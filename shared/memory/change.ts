import { applyUpdate } from '../conditions.ts'
import type { Item, WriteOperation } from '../ports.ts'

/** The item that an operation leaves, its conditions held. */
export const after = (item: Item | undefined, operation: WriteOperation): Item | undefined => {
  switch (operation.op) {
    case 'put':
      return copyOf(operation.item)
    case 'delete':
      return undefined
    case 'update':
      return copyOf(applyUpdate(item, operation))
  }
}

/** Much cheaper than a structured clone, which a simulation would feel: only bytes can be changed in place. */
export const copyOf = <Some extends Item | undefined>(item: Some): Some => {
  if (item === undefined) return item
  const copy: Some = { ...item }
  for (const [name, value] of Object.entries(item)) {
    if (value instanceof Uint8Array) Object.assign(copy, { [name]: value.slice() })
  }
  return copy
}
