import { createPrivateKey, createPublicKey, hkdfSync } from "node:crypto";

/** An ed25519 key pair: the private half in OpenSSH's format, the public half as one line without a comment. */
export interface SshKeyPair {
  readonly privateKey: string;
  readonly publicKey: string;
}

/** PKCS #8 header of an ed25519 private key (RFC 8410, section 7); the 32 bytes of the key follow it. */
const pkcs8Header = Buffer.from("302e020100300506032b657004220420", "hex");

/**
 * Derives a key pair from the cluster's seed, so that host keys are known, and pinned, before a server exists and need
 * no resource of their own. Knowing one derived key tells nothing of the seed or of the others (HKDF, RFC 5869).
 * The same seed and purpose give the same text, byte for byte.
 *
 * @param seed 32 random bytes in hexadecimal, secret.
 * @param purpose what the key is for, e.g. "host:prod-manager-az1-0".
 */
export function deriveSshKeyPair(seed: string, purpose: string): SshKeyPair {
  if (!/^[0-9a-f]{64}$/.test(seed)) throw new Error("seed: not 32 bytes in hexadecimal");
  const secret = Buffer.from(
    hkdfSync("sha256", Buffer.from(seed, "hex"), "", `swarm-on-openstack ssh ed25519 ${purpose}`, 32),
  );
  const privateKey = createPrivateKey({ key: Buffer.concat([pkcs8Header, secret]), format: "der", type: "pkcs8" });
  // the last 32 bytes of the public key's DER form are the key itself
  const publicKey = createPublicKey(privateKey).export({ format: "der", type: "spki" }).subarray(-32);
  const publicBlob = Buffer.concat([field("ssh-ed25519"), field(publicKey)]);
  return {
    privateKey: openSshPrivateKey(secret, publicKey, publicBlob),
    publicKey: `ssh-ed25519 ${publicBlob.toString("base64")}`,
  };
}

/**
 * The file format of an unencrypted OpenSSH private key, as OpenSSH's PROTOCOL.key describes it. Libraries fill the
 * two check numbers at random, which would make every update differ from the last; here they are zero.
 */
function openSshPrivateKey(secret: Buffer, publicKey: Buffer, publicBlob: Buffer): string {
  const list = Buffer.concat([
    number(0),
    number(0),
    field("ssh-ed25519"),
    field(publicKey),
    field(Buffer.concat([secret, publicKey])),
    field(""),
  ]);
  const padding = Buffer.from(Array.from({ length: (8 - (list.length % 8)) % 8 }, (_, index) => index + 1));
  const body = Buffer.concat([
    Buffer.from("openssh-key-v1\0"),
    field("none"),
    field("none"),
    field(""),
    number(1),
    field(publicBlob),
    field(Buffer.concat([list, padding])),
  ]);
  const lines = body.toString("base64").match(/.{1,70}/g) ?? [];
  return ["-----BEGIN OPENSSH PRIVATE KEY-----", ...lines, "-----END OPENSSH PRIVATE KEY-----", ""].join("\n");
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function field(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([number(bytes.length), bytes]);
}
