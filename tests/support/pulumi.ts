import * as pulumi from "@pulumi/pulumi";

/** One registration as the engine would see it. */
export interface Registration {
  readonly type: string;
  readonly name: string;
  readonly inputs: Record<string, unknown>;
  readonly custom: boolean;
  /** Reference of the provider that is given for it, `<urn>::<id>`; empty for the default one. */
  readonly provider: string;
}

/** What the mock engine saw, in order. */
export class Recorder {
  readonly registrations: Registration[] = [];

  named(name: string): Registration {
    const found = this.registrations.find((registration) => registration.name === name);
    if (found === undefined)
      throw new Error(`no resource ${name}; there are ${this.registrations.map((one) => one.name).join(", ")}`);
    return found;
  }

  ofType(type: string): Registration[] {
    return this.registrations.filter((registration) => registration.type === type);
  }
}

/** Outputs that a resource computes itself, by type: what the cloud would answer. */
export type Answers = Readonly<
  Record<string, (inputs: Record<string, unknown>, name: string) => Record<string, unknown>>
>;

export interface MockOptions {
  readonly answers?: Answers;
  readonly calls?: Readonly<Record<string, (inputs: Record<string, unknown>) => Record<string, unknown>>>;
  readonly preview?: boolean;
}

/** Starts a mock engine. A call that no mock answers fails; the recorder is of this start only. */
export function mockEngine(options: MockOptions = {}): Recorder {
  const recorder = new Recorder();
  void pulumi.runtime.setMocks(
    {
      newResource: (args) => {
        const inputs = args.inputs as Record<string, unknown>;
        recorder.registrations.push({
          type: args.type,
          name: args.name,
          inputs,
          custom: args.custom ?? true,
          provider: args.provider ?? "",
        });
        return { id: `${args.name}-id`, state: { ...inputs, ...options.answers?.[args.type]?.(inputs, args.name) } };
      },
      call: ({ token, inputs }) => {
        const answer = options.calls?.[token];
        if (answer === undefined) throw new Error(`unmocked call ${token}`);
        return answer(inputs as Record<string, unknown>);
      },
    },
    "swarm",
    "test",
    options.preview ?? false,
    "organization",
  );
  return recorder;
}

/** Waits until every registration that was begun is done; what hangs on a late output too. */
export async function settled(): Promise<void> {
  await pulumi.runtime.disconnect();
}

/** The value of an output; rejects when the output fails, where `apply` would be silent. */
export async function valueOf<T>(output: pulumi.Output<T>): Promise<T> {
  return (output as pulumi.Output<T> & { promise(): Promise<T> }).promise();
}
