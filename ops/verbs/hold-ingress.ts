import type { ClusterAccess } from "../../settings/outputs";
import type { IngressSpec } from "../../settings/specs";
import { logIn } from "../connection/managers";
import { ConnectionLostError, messageOf, OperationError } from "../errors";
import { quote, type SshConnection } from "../connection/ssh";
import { answerText, onEveryManager, type ManagerOutput } from "../connection/every-manager";
import { Pending, waitFor } from "../wait";

/** Seconds for one file, on a machine that is busy booting. */
const fileSeconds = 180;

/**
 * Brings keepalived's files on each manager up to date, and waits until one manager holds the ingress address and
 * Traefik answers there. The first manager, which holds the address as a rule, comes last. Skips a manager that does
 * not answer: an update must not need every manager. Idempotent.
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

/** Prints the HTTP status of Traefik's answer if this machine holds the address, and nothing otherwise. */
function askScript(vip: string): string {
  return `[ -z "$(ip -4 -o address show to ${vip}/32)" ] || curl -s -o /dev/null -m 10 -w '%{http_code}' http://${vip}/.well-known/swarm-ingress`;
}

/**
 * Why the address does not serve; undefined when exactly one manager holds it and Traefik answers there with 200. Pure.
 *
 * @param answers what `askScript` printed on each manager.
 */
export function holderFault(answers: readonly ManagerOutput[]): string | undefined {
  const holders = answers.filter(({ output = "" }) => /^\d+$/.test(output.trim()));
  if (holders.length === 1 && holders[0]?.output?.trim() === "200") return undefined;
  return answers.map((answer) => answerText(answer, "does not hold it")).join(", ");
}

/** What `writeScript` prints when it has changed the file. */
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

/** Writes standard input to a file if the content differs. */
export function writeScript(path: string, permissions: string): string {
  const file = quote(path);
  return `set -eu; new=$(mktemp); trap 'rm -f "$new"' EXIT; cat >"$new"; cmp -s "$new" ${file} || { install -D -m ${permissions} "$new" ${file}; echo ${changed}; }`;
}
