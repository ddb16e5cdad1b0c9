import { expect } from "chai";
import { openBackend } from "../../ops/stack-state/backend";
import { leaseSeconds, LeaseWatch } from "../../ops/stack-state/lease";
import { breakDeadLocks } from "../../ops/stack-state/locks";

/** Proves that a backend does what locks and leases need; leaves nothing in it. */
export async function proveBackend(url: string): Promise<void> {
  const backend = openBackend(url);
  if (backend === undefined) throw new Error(`${url}: not a backend of files or objects`);
  const folder = ".swarm/proof/";
  expect(await backend.list(folder)).to.deep.equal([]);
  expect([await backend.read(`${folder}none`), await backend.version(`${folder}none`)]).to.deep.equal([
    undefined,
    undefined,
  ]);
  await backend.write(`${folder}a/one.json`, "first");
  const version = await backend.version(`${folder}a/one.json`);
  expect([version, await backend.version(`${folder}a/one.json`)]).to.deep.equal([version ?? "no version", version]);
  await backend.write(`${folder}a/one.json`, "größer");
  expect(await backend.version(`${folder}a/one.json`)).not.to.be.oneOf([undefined, version]);
  await backend.write(`${folder}two.json`, "");
  expect(await backend.list(folder)).to.have.members([`${folder}a/one.json`, `${folder}two.json`]);
  expect(await backend.list(`${folder}a/`)).to.deep.equal([`${folder}a/one.json`]);
  expect([await backend.read(`${folder}a/one.json`), await backend.read(`${folder}two.json`)]).to.deep.equal([
    "größer",
    "",
  ]);
  for (const name of ["a/one.json", "two.json", "never.json"]) await backend.remove(`${folder}${name}`);
  expect(await backend.list(folder)).to.deep.equal([]);

  const at = new Date().toISOString();
  const lockOf = (name: string): string => `.pulumi/locks/organization/swarm/proof/${name}.json`;
  const leaseOf = (name: string): string => `.swarm/leases/${name}.json`;
  const holderOf = (name: string): string => `.swarm/holders/proof/${name}.json`;
  for (const name of ["proof-dead", "proof-alive"]) {
    // one host name and process number for both
    const holder = { hostname: "proof", pid: 1 };
    await backend.write(lockOf(name), JSON.stringify({ ...holder, username: "ann", timestamp: at }));
    await backend.write(
      holderOf(name),
      JSON.stringify({
        ...holder,
        lock: name,
        ticks: "1",
        space: { machineId: "", bootId: "", pidNamespace: "" },
        at,
        lease: name,
      }),
    );
    await backend.write(leaseOf(name), JSON.stringify({ holder: "proof", renewals: 1 }));
  }
  const lines: string[] = [];
  let now = 0;
  const leases = new LeaseWatch(() => now);
  await breakDeadLocks(
    url,
    (line) => {
      lines.push(line);
    },
    leases,
  );
  now = leaseSeconds * 1000;
  await backend.write(leaseOf("proof-alive"), JSON.stringify({ holder: "proof", renewals: 2 }));
  const held = await breakDeadLocks(
    url,
    (line) => {
      lines.push(line);
    },
    leases,
  );
  expect(held.filter(({ stack }) => stack === "proof").map(({ name }) => name)).to.deep.equal(["proof-alive"]);
  expect(lines.filter((line) => line.includes("the lease of proof has run out"))).to.have.length(1);
  expect(await backend.list(".pulumi/locks/organization/swarm/proof/")).to.deep.equal([lockOf("proof-alive")]);
  for (const name of ["proof-dead", "proof-alive"])
    for (const key of [lockOf(name), leaseOf(name), holderOf(name)]) await backend.remove(key);
}
