import type { Page } from '../../oci/page.ts'
import { listNames, type Listed } from '../../store/list.ts'
import { CATALOG } from '../../table.ts'
import type { RegistryContext } from '../context.ts'

/** The full names of all repositories in ASCII order, a page at a time. */
export const listCatalog = async ({ store }: RegistryContext, page: Page): Promise<Listed> =>
  await listNames(store, CATALOG, '', page)
