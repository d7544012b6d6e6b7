import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { App, Stack } from 'aws-cdk-lib'
import { Template } from 'aws-cdk-lib/assertions'
import { Roadstead, type RoadsteadProps } from '../../infra/roadstead.ts'

/** The template of a stack that holds nothing but a registry. */
export const templateOf = (props: Partial<RoadsteadProps> = {}): Template => {
  // By default an app leaves its assembly in the temporary directory.
  const outdir = mkdtempSync(join(tmpdir(), 'roadstead-template-'))
  try {
    const stack = new Stack(new App({ outdir }), 'Test')
    new Roadstead(stack, 'Roadstead', { access: 'everyone', ...props })
    return Template.fromStack(stack)
  } finally {
    rmSync(outdir, { recursive: true })
  }
}
