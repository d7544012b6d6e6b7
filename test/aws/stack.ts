import { App, Stack } from 'aws-cdk-lib'
import { Template } from 'aws-cdk-lib/assertions'
import { Roadstead, type RoadsteadProps } from '../../infra/roadstead.ts'

/** The template of a stack that holds nothing but a registry. */
export const templateOf = (props: Partial<RoadsteadProps> = {}): Template => {
  const stack = new Stack(new App(), 'Test')
  new Roadstead(stack, 'Roadstead', { access: 'everyone', ...props })
  return Template.fromStack(stack)
}
