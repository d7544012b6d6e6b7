import { applyUpdate } from '../conditions.ts'
import type { Item, WriteOperation } from '../ports.ts'

/** The item that an operation leaves, its conditions held. */
export const after = (item: Item | undefined, operation: WriteOperation): Item | undefined => {
  switch (operation.op) {
    case 'put':
      return structuredClone(operation.item)
    case 'delete':
      return undefined
    case 'update':
      return structuredClone(applyUpdate(item, operation))
  }
}
