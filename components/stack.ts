import * as pulumi from "@pulumi/pulumi";
import type { Repairs, StackSpec } from "../settings/specs";
import { stackParts } from "../settings/stack-parts";
import { swarmCommand } from "./swarm-command";

export interface StackArgs {
  /** Name of the stack in the swarm. */
  readonly stack: string;
  /** The rendered compose file; an input, so that a preview shows the lines that change. */
  readonly compose: pulumi.Input<string>;
  /** Values of the compose file's secrets, by the environment variables that it names. */
  readonly secrets?: Readonly<Record<string, pulumi.Input<string>>>;
  /** Minutes until every task runs. */
  readonly readyMinutes: number;
  /** Path that must answer through the ingress before the stack is ready. */
  readonly route?: string;
  /** What this update repairs. */
  readonly repairs: Repairs;
  /** Access to the cluster; secret. */
  readonly access: pulumi.Input<string>;
  /** Deleted only with the whole cluster; then the stack needs no removal of its own. */
  readonly cluster: pulumi.Resource;
}

/** A stack on the swarm (`docker stack deploy`); created when all its tasks run. */
export class Stack extends pulumi.ComponentResource {
  /** Name of the stack in the swarm. */
  readonly stack: string;
  /** Full names of its services. */
  readonly services: pulumi.Output<string[]>;
  /** Registered when every task of the stack runs. */
  readonly deployment: pulumi.Resource;

  constructor(name: string, args: StackArgs, opts?: pulumi.ComponentResourceOptions) {
    super("swarm:platform:Stack", name, { stack: args.stack }, opts);
    this.stack = args.stack;
    this.services = pulumi.output(args.compose).apply((text) => [...stackParts(args.stack, text).services]);
    const spec: StackSpec = {
      name: args.stack,
      deadlineSeconds: args.readyMinutes * 60,
      ...(args.route === undefined ? {} : { route: args.route }),
    };
    this.deployment = swarmCommand(
      `${name}-deploy`,
      {
        create: "deploy-stack",
        delete: "remove-stack",
        access: args.access,
        spec,
        stdin: args.compose,
        secrets: args.secrets ?? {},
        repair: args.repairs.stacks.get(args.stack),
      },
      { parent: this, deletedWith: args.cluster },
    );
    this.registerOutputs({});
  }
}
