import type { ClusterAccess } from "../../settings/outputs";
import type { IngressSpec } from "../../settings/specs";
import { logIn } from "../connection/docker";
import { ConnectionLostError, messageOf, OperationError } from "../errors";
import { quote, type SshConnection } from "../connection/ssh";
import { onEveryManager } from "../swarm/deploy-stack";
import { Pending, waitFor } from "../wait";

/** Seconds for one file, on a machine that is busy booting. */
const fileSeconds = 180;

/**
 * Gives each manager the files by which it takes part in holding the ingress address, where it has other ones, and
 * waits until one of them holds it and Traefik answers there. The first manager, which holds the address as a rule,
 * comes last. A manager that does not answer is left as it is: an update must not need every manager. Repeating it
 * changes nothing.
 *
 * @throws OperationError when keepalived cannot be installed, or nobody answers at the address in time.
 */
export async function holdIngress(
  access: ClusterAccess,
  spec: IngressSpec,
  say: (line: string) => void = (line) => {
    process.stderr.write(`${line}\n`);
  },
): Promise<void> {
  for (const manager of [...spec.managers].reverse()) await equip(access, manager, spec.deadlineSeconds, say);
  await waitFor(
    {
      what: `a manager to answer at the ingress address ${spec.vip}`,
      deadlineSeconds: spec.deadlineSeconds,
      intervalSeconds: 5,
    },
    async () => {
      const fault = holderFault(await onEveryManager(access, ["sh", "-c", askScript(spec.vip)]));
      return fault === undefined ? true : new Pending(fault);
    },
  );
}

/** Prints the status of Traefik's answer at the address where this machine holds it, and nothing elsewhere. */
function askScript(vip: string): string {
  return `[ -z "$(ip -4 -o address show to ${vip}/32)" ] || curl -s -o /dev/null -m 10 -w '%{http_code}' http://${vip}/.well-known/swarm-ingress`;
}

/**
 * Why the address does not serve, or undefined: exactly one manager holds it, and Traefik answers there with 200. Pure.
 */
export function holderFault(
  answers: readonly { readonly name: string; readonly output: string }[],
): string | undefined {
  const holders = answers.filter(({ output }) => /^\d+$/.test(output.trim()));
  if (holders.length === 1 && holders[0]?.output.trim() === "200") return undefined;
  return answers
    .map(({ name, output }) => `${name}: ${output.trim() === "" ? "does not hold it" : output.trim()}`)
    .join(", ");
}

/** What the scripts print where they have changed something. */
const changed = "changed";

async function equip(
  access: ClusterAccess,
  { name, files }: IngressSpec["managers"][number],
  seconds: number,
  say: (line: string) => void,
): Promise<void> {
  const target = access.managers.find((manager) => manager.name === name);
  if (target === undefined) throw new OperationError(`${name}: not among the managers; this is a bug.`);
  const node = await logIn(access, target).catch((error: unknown): SshConnection | undefined => {
    if (!(error instanceof ConnectionLostError)) throw error;
    say(
      `${name}: does not answer, so its configuration of the ingress address stays as it is; once it answers, run \`swarmctl node replace ${name}\`. ${messageOf(error)}`,
    );
    return undefined;
  });
  if (node === undefined) return;
  try {
    let differs = false;
    for (const { path, permissions, content } of files) {
      const said = await node.run(["sudo", "sh", "-c", writeScript(path, permissions)], {
        stdin: content,
        timeoutSeconds: fileSeconds,
      });
      differs ||= said.trim() === changed;
    }
    if (!differs) return;
    say(`${name}: new configuration of the ingress address; restarting keepalived.`);
    // swarm-install adds keepalived where it is missing, swarm-node tells it the interface and restarts it
    await node.run(["sudo", "sh", "-c", "/usr/local/sbin/swarm-install && /usr/local/sbin/swarm-node"], {
      timeoutSeconds: seconds,
    });
  } finally {
    node.close();
  }
}

/** Writes standard input to a file where that has other content. */
export function writeScript(path: string, permissions: string): string {
  const file = quote(path);
  return `set -eu; new=$(mktemp); trap 'rm -f "$new"' EXIT; cat >"$new"; cmp -s "$new" ${file} || { install -D -m ${permissions} "$new" ${file}; echo ${changed}; }`;
}
