import { expect } from "chai";
import { openBackend } from "../../ops/backend";
import { breakDeadLocks } from "../../ops/locks";

/** Proves that a backend does what locks and leases need; leaves nothing in it. */
export async function proveBackend(url: string): Promise<void> {
  const backend = openBackend(url);
  if (backend === undefined) throw new Error(`${url}: not a backend of files or objects`);
  const folder = ".swarm/proof/";
  expect(await backend.list(folder)).to.deep.equal([]);
  expect([await backend.read(`${folder}none`), await backend.version(`${folder}none`)]).to.deep.equal([undefined, undefined]);
  await backend.write(`${folder}a/one.json`, "first");
  const version = await backend.version(`${folder}a/one.json`);
  expect([version, await backend.version(`${folder}a/one.json`)]).to.deep.equal([version ?? "no version", version]);
  await backend.write(`${folder}a/one.json`, "größer");
  expect(await backend.version(`${folder}a/one.json`)).not.to.be.oneOf([undefined, version]);
  await backend.write(`${folder}two.json`, "");
  expect(await backend.list(folder)).to.have.members([`${folder}a/one.json`, `${folder}two.json`]);
  expect(await backend.list(`${folder}a/`)).to.deep.equal([`${folder}a/one.json`]);
  expect([await backend.read(`${folder}a/one.json`), await backend.read(`${folder}two.json`)]).to.deep.equal(["größer", ""]);
  for (const name of ["a/one.json", "two.json", "never.json"]) await backend.remove(`${folder}${name}`);
  expect(await backend.list(folder)).to.deep.equal([]);

  const at = (seconds: number): string => new Date(Date.now() + seconds * 1000).toISOString();
  const lockOf = (host: string): string => `.pulumi/locks/organization/swarm/proof/${host}.json`;
  const leaseOf = (host: string): string => `.swarm/leases/${host}.json`;
  for (const [host, until] of [["proof-dead", -60], ["proof-alive", 60]] as const) {
    await backend.write(lockOf(host), JSON.stringify({ pid: 1, username: "ann", hostname: host, timestamp: at(-100) }));
    await backend.write(leaseOf(host), JSON.stringify({ holder: host, until: at(until) }));
  }
  const lines: string[] = [];
  const held = await breakDeadLocks(url, (line) => { lines.push(line); });
  expect(held.filter(({ stack }) => stack === "proof").map(({ hostname: host }) => host)).to.deep.equal(["proof-alive"]);
  expect(lines.filter((line) => line.includes("proof-"))).to.have.length(1);
  expect(await backend.list(".pulumi/locks/organization/swarm/proof/")).to.deep.equal([lockOf("proof-alive")]);
  for (const key of [lockOf("proof-alive"), leaseOf("proof-dead"), leaseOf("proof-alive")]) await backend.remove(key);
}
