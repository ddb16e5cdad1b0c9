import { expect } from "chai";
import { terraformOf } from "../../bench/terraform";

describe("terraformOf", () => {
  it("makes references of ids, names of the provider's own, and leaves the keys of metadata alone", () => {
    const made = terraformOf({
      deployment: {
        resources: [
          { urn: "u::bench", type: "pulumi:pulumi:Stack" },
          {
            urn: "u::net",
            type: "openstack:networking/network:Network",
            id: "n-1",
            inputs: { adminStateUp: true, __defaults: [] },
          },
          {
            urn: "u::port",
            type: "openstack:networking/port:Port",
            id: "p-1",
            dependencies: ["u::net", "u::bench"],
            inputs: { networkId: "n-1", fixedIps: [{ ipAddress: "10.0.0.2", __defaults: [] }], securityGroupIds: [] },
          },
          {
            urn: "u::server",
            type: "openstack:compute/instance:Instance",
            id: "s-1",
            inputs: {
              networks: [{ port: "p-1" }],
              metadata: { camelCase: "x" },
              userData: {
                "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
                plaintext: '"#cloud-config ${A} %{http_code} 100%"',
              },
            },
          },
        ],
      },
    });
    expect(made["resource"]).to.deep.equal({
      openstack_networking_network_v2: { net: { admin_state_up: true } },
      openstack_networking_port_v2: {
        port: {
          network_id: "${openstack_networking_network_v2.net.id}",
          fixed_ip: [{ ip_address: "10.0.0.2" }],
          security_group_ids: [],
          depends_on: ["openstack_networking_network_v2.net"],
        },
      },
      openstack_compute_instance_v2: {
        server: {
          network: [{ port: "${openstack_networking_port_v2.port.id}" }],
          user_data: "#cloud-config $${A} %%{http_code} 100%",
          metadata: { camelCase: "x" },
        },
      },
    });
  });

  it("refuses a type that it does not know", () => {
    expect(() => terraformOf({ deployment: { resources: [{ urn: "u", type: "openstack:dns/zone:Zone" }] } })).to.throw(
      "openstack:dns/zone:Zone: has no Terraform name here",
    );
  });
});
