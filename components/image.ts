import * as openstack from "@pulumi/openstack";
import type * as pulumi from "@pulumi/pulumi";

/**
 * Id of the newest image of a name: one that was uploaded anew has the old name and another id. Asked for once an
 * update, not for each node.
 *
 * @returns undefined where the cloud has no such image; whoever makes a server is told by the cloud.
 */
export function newestImage(name: string): pulumi.Output<string | undefined> {
  return openstack.images.getImageIdsOutput({ name, sort: "created_at:desc" }).ids.apply(([id]) => id);
}
