/**
 * The state machine of garbage collection, in Amazon States Language. It knows when what is called, and carries what one
 * step answers to the next; everything else is code of the worker (`shared/gc/steps`), which `test/aws` runs it with on
 * MiniStack and LocalStack. It keeps to what AWS and both of them do alike: JSONPath, inline Map without a limit of its
 * own (the worker deals out as many lanes as may run), errors by no other names than these.
 */

/** By which a state calls the worker. */
export type Target = {
  /** Of the state: an integration, or an activity. */
  readonly resource: string
  /** Of the function, for an integration. */
  readonly functionName: string
}

/** A step is over within the 15 minutes that Lambda gives it; nothing is heard of one that takes longer. */
const STEP_SECONDS = 16 * 60

/** For all that is worth trying again, and only as long as a run is taken to be alive without being heard of. */
const AGAIN = {
  ErrorEquals: ['States.ALL'],
  ...{ IntervalSeconds: 1, BackoffRate: 2, MaxAttempts: 6 },
}
/** The function runs as often as it may: others work, and say that the run is alive. */
const BUSY = {
  ErrorEquals: ['Lambda.TooManyRequestsException'],
  ...{ IntervalSeconds: 5, BackoffRate: 2, MaxDelaySeconds: 120, MaxAttempts: 20 },
}

/** How often one lane is called at most in one round, for the bound on the history. */
export const MOST_CALLS = 1 + AGAIN.MaxAttempts + BUSY.MaxAttempts

const RESULT = '$.Payload'

/** The definition, with a target for its steps. */
export const collectionDefinition = ({ functionName, resource }: Target) => {
  const step = (name: string, payload: object) => ({
    Type: 'Task',
    Resource: resource,
    Parameters: {
      FunctionName: functionName,
      Payload: { kind: 'collection', step: name, ...payload },
    },
    TimeoutSeconds: STEP_SECONDS,
  })
  /** The run's state when the step fails is what it was before. */
  const caught = {
    Retry: [BUSY, AGAIN],
    Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.failure', Next: 'Finish' }],
  }
  const execution = { 'execution.$': '$$.Execution.Name', 'input.$': '$$.Execution.Input' }
  const whole = { 'collecting.$': '$' }
  const chosen = (next: string, state: string) => ({
    Variable: '$.next',
    StringEquals: next,
    Next: state,
  })
  return {
    Comment: 'A run of garbage collection of Roadstead',
    StartAt: 'Begin',
    States: {
      Begin: { ...step('begin', execution), ...caught, OutputPath: RESULT, Next: 'Next' },
      Next: {
        Type: 'Choice',
        Choices: [
          chosen('work', 'Work'),
          chosen('alone', 'Alone'),
          chosen('continue', 'Continue'),
          chosen('finish', 'Finish'),
        ],
        Default: 'Done',
      },
      Work: {
        Type: 'Map',
        ItemsPath: '$.lanes',
        ItemSelector: { 'run.$': '$.run', 'lane.$': '$$.Map.Item.Value' },
        ItemProcessor: {
          ProcessorConfig: { Mode: 'INLINE' },
          StartAt: 'Lane',
          States: {
            Lane: {
              ...step('work', { 'run.$': '$.run', 'lane.$': '$.lane' }),
              ...{ Retry: caught.Retry, OutputPath: RESULT, End: true },
            },
          },
        },
        ResultPath: '$.lanes',
        Catch: caught.Catch,
        Next: 'Look',
      },
      Look: { ...step('look', whole), ...caught, OutputPath: RESULT, Next: 'Next' },
      Continue: { ...step('continue', whole), ...caught, OutputPath: RESULT, Next: 'Done' },
      // What it had told already when it was broken off would be told twice.
      Alone: {
        ...step('alone', whole),
        ...{ Retry: [BUSY], Catch: caught.Catch, OutputPath: RESULT, Next: 'Done' },
      },
      Finish: {
        ...step('finish', { ...execution, ...whole }),
        ...{ Retry: caught.Retry, ResultPath: '$.finished', Next: 'Ended' },
      },
      Ended: {
        Type: 'Choice',
        Choices: [{ Variable: '$.failure', IsPresent: true, Next: 'Failed' }],
        Default: 'Done',
      },
      Failed: { Type: 'Fail', Error: 'CollectionFailed', Cause: 'A step failed for good' },
      Done: { Type: 'Succeed' },
    },
  }
}
