import type { ProvidedDeps } from '../../deps.ts'

/** What the registry says of itself: all of it to those it knows, and what a log-in page needs to everybody. */
export const systemInfo = async (
  { store, info, settings }: ProvidedDeps,
  requested: URL,
  isKnown: boolean,
) => {
  const current = await settings()
  const open = {
    auth_mode: 'db_auth',
    primary_auth_mode: false,
    self_registration: current.hasSelfRegistration,
    ...(current.bannerMessage === undefined ? {} : { banner_message: current.bannerMessage }),
  }
  if (!isKnown) return open
  const externalUrl = info.externalUrl ?? requested.origin
  return {
    ...open,
    current_time: new Date(store.clock.now()).toISOString(),
    registry_url: externalUrl.replace(/^https?:\/\//, ''),
    external_url: externalUrl,
    project_creation_restriction: current.projectCreation,
    // Nobody can download a certificate here.
    has_ca_root: false,
    harbor_version: info.version,
    registry_storage_provider_name: info.storage,
    read_only: current.isReadOnly,
    notification_enable: current.hasNotifications,
  }
}
