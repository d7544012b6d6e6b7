import type { PasswordCost } from '../../shared/auth/passwords.ts'

/** The least that argon2id does: for tests that are not about what a password costs. */
export const CHEAP: PasswordCost = { memory: 8, passes: 1, parallelism: 1 }
