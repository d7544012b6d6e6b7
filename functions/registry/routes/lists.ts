import { MEDIA_TYPE } from '../../../shared/oci/media-types.ts'
import { parseDigest } from '../../../shared/oci/digest.ts'
import { parseRepositoryName, fullName } from '../../../shared/oci/name.ts'
import { parsePageSize } from '../../../shared/oci/page.ts'
import { parseTag } from '../../../shared/oci/reference.ts'
import { listCatalog } from '../../../shared/registry/catalog/list.ts'
import { listReferrers } from '../../../shared/registry/referrers/referrers.ts'
import { listTags } from '../../../shared/registry/tags/list.ts'
import { can, canListCatalog } from '../access.ts'
import { factory } from '../factory.ts'
import { nextLink } from '../http/headers.ts'
import { repository } from '../middleware.ts'

/** The Link header of a page that has another one behind it. */
const link = (path: string, n: number, entries: readonly string[], more: boolean) => {
  const last = entries.at(-1)
  return more && last !== undefined ? { Link: nextLink(path, { n: String(n), last }) } : {}
}

const nonEmpty = (text: string | undefined): string | undefined => (text === '' ? undefined : text)

export const lists = factory
  .createApp()
  // GET /v2/_catalog (Docker's registry API; not of the OCI specification)
  .get('/v2/_catalog', canListCatalog, async (c) => {
    const n = parsePageSize(c.req.query('n'))
    const given = nonEmpty(c.req.query('last'))
    const last = given && fullName(parseRepositoryName(given))
    const { entries, more } = await listCatalog(c.var.deps.context, { n, last })
    return c.json({ repositories: entries }, 200, link('/v2/_catalog', n, entries, more))
  })
  // end-8a, end-8b: GET /v2/<name>/tags/list[?n=<integer>&last=<tag>]
  .get('/v2/:name{.+}/tags/list', repository, can('pull'), async (c) => {
    const name = c.var.repository
    const n = parsePageSize(c.req.query('n'))
    const given = nonEmpty(c.req.query('last'))
    const last = given === undefined ? undefined : parseTag(given)
    const { entries, more } = await listTags(c.var.deps.context, name, { n, last })
    const path = `/v2/${name.given}/tags/list`
    return c.json({ name: name.given, tags: entries }, 200, link(path, n, entries, more))
  })
  // end-12a, end-12b: GET /v2/<name>/referrers/<digest>[?artifactType=<type>]
  .get('/v2/:name{.+}/referrers/:digest', repository, can('pull'), async (c) => {
    const name = c.var.repository
    const digest = parseDigest(c.req.param('digest'))
    const artifactType = nonEmpty(c.req.query('artifactType'))
    const last = nonEmpty(c.req.query('last'))
    const page = await listReferrers(c.var.deps.context, name, digest, { artifactType, last })
    const filter = artifactType === undefined ? {} : { artifactType }
    const path = `/v2/${name.given}/referrers/${digest}`
    const { next } = page
    return c.body(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: MEDIA_TYPE.imageIndex,
        manifests: page.referrers,
      }),
      200,
      {
        'Content-Type': MEDIA_TYPE.imageIndex,
        ...(artifactType === undefined ? {} : { 'OCI-Filters-Applied': 'artifactType' }),
        ...(next === undefined ? {} : { Link: nextLink(path, { ...filter, last: next }) }),
      },
    )
  })
