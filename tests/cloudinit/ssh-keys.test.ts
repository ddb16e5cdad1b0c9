import { expect } from "chai";
import { utils } from "ssh2";
import { deriveSshKeyPair } from "../../cloudinit/ssh-keys";

const seed = "0f".repeat(32);

describe("deriveSshKeyPair", () => {
  it("gives a key pair that SSH takes and whose halves belong together", () => {
    const pair = deriveSshKeyPair(seed, "host:a");
    const parsed = utils.parseKey(pair.privateKey);
    if (parsed instanceof Error) throw parsed;
    expect(`${parsed.type} ${parsed.getPublicSSH().toString("base64")}`).to.equal(pair.publicKey);
    const signed = parsed.sign("text");
    if (signed instanceof Error) throw signed;
    const publicKey = utils.parseKey(pair.publicKey);
    if (publicKey instanceof Error) throw publicKey;
    expect(publicKey.verify("text", signed)).to.equal(true);
  });

  it("gives the same text each time, or every update would differ", () => {
    expect(deriveSshKeyPair(seed, "host:a")).to.deep.equal(deriveSshKeyPair(seed, "host:a"));
  });

  it("gives another key for another purpose or seed", () => {
    const keys = [
      deriveSshKeyPair(seed, "host:a"),
      deriveSshKeyPair(seed, "host:b"),
      deriveSshKeyPair("f0".repeat(32), "host:a"),
    ];
    expect(new Set(keys.map(({ publicKey }) => publicKey)).size).to.equal(3);
  });

  it("refuses a seed that is none", () => {
    expect(() => deriveSshKeyPair("", "host:a")).to.throw("seed: not 32 bytes in hexadecimal");
  });
});
