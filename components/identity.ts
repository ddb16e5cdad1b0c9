import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { ownerMark, ownerResource } from "../settings/names";
import { deriveSshKeyPair, type SshKeyPair } from "../cloudinit/ssh-keys";

/**
 * The keys of the cluster: one secret seed, generated once, from which the login's key and each node's host key are
 * derived. So a host key is known before its server exists, and is pinned from the first connection on.
 */
export class Identity extends pulumi.ComponentResource {
  private readonly seed: pulumi.Output<string>;
  /** The key of the program's own login on every node; secret. */
  readonly adminKey: pulumi.Output<SshKeyPair>;
  /** The mark of all resources of the cluster on the cloud; known before the first of them exists. */
  readonly mark: pulumi.Output<string>;
  /** The owner's number, which is part of the mark. */
  readonly owner: pulumi.Output<string>;

  constructor(name: string, cluster: string, opts?: pulumi.ComponentResourceOptions) {
    super("swarm:platform:Identity", name, {}, opts);
    const random = (bytes: number): string => `od -An -v -N${bytes} -tx1 /dev/urandom | tr -d ' \\n'`;
    this.owner = new command.local.Command(
      ownerResource(cluster),
      { create: random(6), logging: command.local.Logging.None },
      {
        parent: this,
        // another number would disown every existing resource
        ignoreChanges: ["create"],
      },
    ).stdout;
    this.mark = this.owner.apply((owner) => ownerMark(cluster, owner));
    const seed = new command.local.Command(
      `${name}-seed`,
      {
        create: random(32),
        logging: command.local.Logging.None,
      },
      {
        parent: this,
        additionalSecretOutputs: ["stdout"],
        // another seed would lock the program out of every node
        ignoreChanges: ["create"],
      },
    );
    this.seed = pulumi.secret(seed.stdout);
    this.adminKey = this.seed.apply((text) => deriveSshKeyPair(text, "admin"));
    this.registerOutputs({});
  }

  /** The host key pair of a node; secret. */
  hostKey(node: string): pulumi.Output<SshKeyPair> {
    return this.seed.apply((seed) => deriveSshKeyPair(seed, `host:${node}`));
  }

  /** The public half of a node's host key; not secret. */
  publicHostKey(node: string): pulumi.Output<string> {
    return pulumi.unsecret(this.hostKey(node).publicKey);
  }
}
