import { nameOf } from "../pulumi/events";
import { judge } from "./judge";
import { noSettings } from "./plan";

/** A resource as a policy pack is given it: what it shall be, without what it was. */
export interface PackResource {
  readonly urn: string;
  readonly type: string;
  readonly props: Readonly<Record<string, unknown>>;
}

/**
 * What the plan guard says of resources alone: what lets in everyone. A pack sees neither steps nor what stands, so
 * that it cannot tell what an update takes away, nor by how much a price rises. Pure.
 */
export function judgeResources(
  resources: readonly PackResource[],
): { readonly urn: string; readonly message: string }[] {
  return resources.flatMap(({ urn, type, props }) => {
    const change = { kind: "create", urn, name: nameOf(urn), type, after: { type, inputs: knownOf(props) } } as const;
    const { refused } = judge({ changes: [change], settings: noSettings, errors: [] }, noDay);
    return refused
      .filter(({ code }) => code === "open-to-world")
      .map(() => ({
        urn,
        message: `${nameOf(urn)}: it lets in everyone on another port than the ingress'; name the networks that may reach it.`,
      }));
  });
}

/** No day matters where nothing is allowed. */
const noDay = new Date(0);

/**
 * The properties; one that a preview does not know yet throws when it is asked for, and stands for a value that is
 * there.
 */
function knownOf(props: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.keys(props).map((key) => {
      try {
        return [key, props[key]];
      } catch {
        return [key, "not known yet"];
      }
    }),
  );
}
