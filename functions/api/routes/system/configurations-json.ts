import { z } from '@hono/zod-openapi'
import { DomainError } from '../../../../shared/errors.ts'
import type { Settings, SettingsChange } from '../../../../shared/settings/settings.ts'
import { TOKEN_SECONDS } from '../../../../shared/identity/tokens.ts'

const flag = z.boolean().nullish()
const number = z.int().nullish()
const text = z.string().nullish()

/** What may be sent: Harbor's keys that mean something here; others are passed over, as Harbor does. */
export const configurations = z
  .object({
    project_creation_restriction: text,
    self_registration: flag,
    read_only: flag,
    notification_enable: flag,
    banner_message: text,
    robot_token_duration: number,
    robot_name_prefix: text,
    session_timeout: number,
    quota_per_project_enable: flag,
    storage_per_project: number,
    scanner_skip_update_pulltime: flag,
    disabled_audit_log_event_types: text,
    auth_mode: text,
    primary_auth_mode: flag,
    token_expiration: number,
    skip_audit_log_database: flag,
  })
  .openapi('Configurations')

const item = <S extends z.ZodType>(value: S) => z.object({ value, editable: z.boolean() })
const flagItem = item(z.boolean())
const numberItem = item(z.number())
const textItem = item(z.string())

export const configurationsResponse = z
  .object({
    project_creation_restriction: textItem,
    self_registration: flagItem,
    read_only: flagItem,
    notification_enable: flagItem,
    banner_message: textItem,
    robot_token_duration: numberItem,
    robot_name_prefix: textItem,
    session_timeout: numberItem,
    quota_per_project_enable: flagItem,
    storage_per_project: numberItem,
    scanner_skip_update_pulltime: flagItem,
    disabled_audit_log_event_types: textItem,
    auth_mode: textItem,
    primary_auth_mode: flagItem,
    token_expiration: numberItem,
    skip_audit_log_database: flagItem,
  })
  .openapi('ConfigurationsResponse')

/** What is as it is: accounts are kept here, tokens have one life, and the log has no other place to go to. */
const FIXED = {
  auth_mode: 'db_auth',
  primary_auth_mode: false,
  token_expiration: TOKEN_SECONDS / 60,
  skip_audit_log_database: false,
} as const

const editable = <T>(value: T) => ({ value, editable: true })
const fixed = <T>(value: T) => ({ value, editable: false })

export const toConfigurations = (settings: Settings): z.output<typeof configurationsResponse> => ({
  project_creation_restriction: editable(settings.projectCreation),
  self_registration: editable(settings.hasSelfRegistration),
  read_only: editable(settings.isReadOnly),
  notification_enable: editable(settings.hasNotifications),
  banner_message: editable(settings.bannerMessage),
  robot_token_duration: editable(settings.robotDurationDays),
  robot_name_prefix: editable(settings.robotPrefix),
  session_timeout: editable(settings.sessionMinutes),
  quota_per_project_enable: editable(settings.hasQuotas),
  storage_per_project: editable(settings.storagePerProjectBytes),
  scanner_skip_update_pulltime: editable(settings.keepsPullTimeOfScans),
  disabled_audit_log_event_types: editable(settings.unloggedEvents.join(',')),
  auth_mode: fixed(FIXED.auth_mode),
  primary_auth_mode: fixed(FIXED.primary_auth_mode),
  token_expiration: fixed(FIXED.token_expiration),
  skip_audit_log_database: fixed(FIXED.skip_audit_log_database),
})

/**
 * What a client wants to be changed.
 * @throws DomainError BAD_REQUEST for another value of what cannot be changed
 */
export const toSettingsChange = (body: z.output<typeof configurations>): SettingsChange => {
  assertFixed(body)
  const events = body.disabled_audit_log_event_types
  return {
    projectCreation: projectCreationOf(body.project_creation_restriction),
    hasSelfRegistration: body.self_registration ?? undefined,
    isReadOnly: body.read_only ?? undefined,
    hasNotifications: body.notification_enable ?? undefined,
    bannerMessage: body.banner_message ?? undefined,
    robotDurationDays: body.robot_token_duration ?? undefined,
    robotPrefix: body.robot_name_prefix ?? undefined,
    sessionMinutes: body.session_timeout ?? undefined,
    hasQuotas: body.quota_per_project_enable ?? undefined,
    storagePerProjectBytes: body.storage_per_project ?? undefined,
    keepsPullTimeOfScans: body.scanner_skip_update_pulltime ?? undefined,
    unloggedEvents:
      typeof events === 'string'
        ? events
            .split(',')
            .map((event) => event.trim())
            .filter((event) => event !== '')
        : undefined,
  }
}

const projectCreationOf = (
  value: string | null | undefined,
): Settings['projectCreation'] | undefined => {
  if (value === null || value === undefined) return undefined
  if (value === 'everyone' || value === 'adminonly') return value
  throw new DomainError('BAD_REQUEST', 'project_creation_restriction is everyone or adminonly')
}

const assertFixed = (body: z.output<typeof configurations>): void => {
  for (const [name, value] of Object.entries(FIXED)) {
    const wanted = new Map<string, unknown>(Object.entries(body)).get(name)
    if (wanted !== undefined && wanted !== null && wanted !== value) {
      throw new DomainError('BAD_REQUEST', `${name} is ${value} and cannot be changed`)
    }
  }
}
