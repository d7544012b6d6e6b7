import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { DockerImageAsset, Platform } from 'aws-cdk-lib/aws-ecr-assets'
import type { Construct } from 'constructs'
import { bundle } from '../bundle.ts'

const DOCKERFILE = 'Dockerfile'

/** The image of the relay: its bundle and a Node. It is built when the stack is deployed, by the Docker of that machine. */
export const relayImage = (scope: Construct, id: string): DockerImageAsset => {
  const { directory } = bundle('functions/relay/main.ts', 'container')
  copyFileSync(join(import.meta.dirname, DOCKERFILE), join(directory, DOCKERFILE))
  return new DockerImageAsset(scope, id, { directory, platform: Platform.LINUX_ARM64 })
}
