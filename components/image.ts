import * as openstack from "@pulumi/openstack";
import type * as pulumi from "@pulumi/pulumi";

/**
 * Id of the newest image with this name: a new upload keeps the name and gets another id. Looked up once an update, not
 * once a node.
 *
 * @returns undefined where the cloud has no such image; the creation of a server then fails with the cloud's error.
 */
export function newestImage(name: string, opts: pulumi.InvokeOptions): pulumi.Output<string | undefined> {
  return openstack.images.getImageIdsOutput({ name, sort: "created_at:desc" }, opts).ids.apply(([id]) => id);
}
