import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { join, relative } from "node:path";
import { repairVariable } from "../settings/specs";

export interface SwarmCommandArgs {
  /** Verb of ops/main.ts that creates, and runs again when an input changes. */
  readonly create: string;
  /** Verb that deletes. */
  readonly delete?: string;
  /** The cluster's access; secret. */
  readonly access: pulumi.Input<string>;
  /** Input of the verb, in its shape of settings/specs.ts. */
  readonly spec: pulumi.Input<Record<string, unknown>>;
  readonly stdin?: pulumi.Input<string>;
  /** Further secrets, by environment variable. */
  readonly secrets?: Readonly<Record<string, pulumi.Input<string>>>;
  /** Makes it run again in this update without another change: a text that no earlier repair had. */
  readonly repair?: string | undefined;
  /** Text that the state keeps in clear; `ignoreChanges` must name "triggers", or another text runs it again. */
  readonly record?: string;
  /** True where the output is a secret. */
  readonly secretOutput?: boolean;
}

/**
 * A verb of ops/ as a resource. All input goes by environment and standard input: every user of the machine that runs
 * the update can read arguments.
 */
export function swarmCommand(
  name: string,
  args: SwarmCommandArgs,
  opts: pulumi.CustomResourceOptions,
): command.local.Command {
  const run = (verb: string): string => `node --import tsx ops/main.ts ${verb}`;
  // empty for index.ts, which runs in the checkout; relative, so that every machine gives the same input
  const dir = relative(process.cwd(), join(__dirname, ".."));
  return new command.local.Command(
    name,
    {
      create: run(args.create),
      ...(dir === "" ? {} : { dir }),
      ...(args.delete === undefined ? {} : { delete: run(args.delete) }),
      environment: {
        SWARM_ACCESS: pulumi.secret(args.access),
        SWARM_SPEC: pulumi.output(args.spec).apply((spec) => JSON.stringify(spec)),
        ...(args.repair === undefined ? {} : { [repairVariable]: args.repair }),
        ...Object.fromEntries(
          Object.entries(args.secrets ?? {}).map(([variable, value]) => [variable, pulumi.secret(value)]),
        ),
      },
      ...(args.stdin === undefined ? {} : { stdin: args.stdin }),
      ...(args.record === undefined ? {} : { triggers: [args.record] }),
      // standard error shows progress; standard output may be a secret
      logging: command.local.Logging.Stderr,
    },
    pulumi.mergeOptions(opts, {
      ...(args.secretOutput === true ? { additionalSecretOutputs: ["stdout"] } : {}),
      // the last repair's text stays until the next repair and changes nothing by itself
      ...(args.repair === undefined ? { ignoreChanges: [`environment.${repairVariable}`] } : {}),
    }),
  );
}
