/** Of a task, in Fargate's units, and in MB. */
export const DEFAULT_CPU = 512
export const DEFAULT_MEMORY_MB = 1024
