import { expect } from "chai";
import { sshConfig } from "../../../ops/verbs/docker-context";

describe("sshConfig", () => {
  it("reaches each manager by its name, with the pinned key and no other", () => {
    const managers = [
      { name: "c-manager-az1-0", host: "192.0.2.1", hostKey: "ssh-ed25519 AAA" },
      { name: "c-manager-az2-0", host: "192.0.2.2", hostKey: "ssh-ed25519 BBB" },
    ];
    const { config, knownHosts } = sshConfig({
      clusterName: "c",
      access: { user: "swarm", privateKey: "PRIVATE", managers },
    });
    expect(knownHosts).to.equal("c-manager-az1-0 ssh-ed25519 AAA\nc-manager-az2-0 ssh-ed25519 BBB\n");
    expect(config.match(/^Host .*$/gm)).to.deep.equal(["Host c-manager-az1-0", "Host c-manager-az2-0"]);
    expect(config).to.include(
      "    HostName 192.0.2.2\n    HostKeyAlias c-manager-az2-0\n    User swarm\n    IdentityFile ~/.ssh/swarm/c\n",
    );
    expect(config).not.to.include("PRIVATE");
  });
});
