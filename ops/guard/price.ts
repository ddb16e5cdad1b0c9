import { serverType } from "./planned-nodes";
import type { Plan, ResourceState } from "./plan";

/** Price of the servers per hour before and after the update, and the flavors without a price. Pure. */
export function priceOf(
  plan: Plan,
): { readonly before: number; readonly after: number; readonly unknown: readonly string[] } | undefined {
  const prices = plan.settings.flavorPrices;
  if (Object.keys(prices).length === 0) return undefined;
  const servers = plan.changes.filter(({ type }) => type === serverType);
  const flavors = (states: readonly (ResourceState | undefined)[]): string[] =>
    states.flatMap((state) => (state === undefined ? [] : [String(state.inputs["flavorName"])]));
  const [before, after] = [
    flavors(servers.map((server) => server.before)),
    flavors(servers.map((server) => server.after)),
  ];
  const sum = (all: readonly string[]): number => all.reduce((total, flavor) => total + (prices[flavor] ?? 0), 0);
  return {
    before: sum(before),
    after: sum(after),
    unknown: [...new Set([...before, ...after])].filter((flavor) => !(flavor in prices)).sort(),
  };
}

/** A price, rounded to 4 decimal places. */
export function priceText(price: number): string {
  return String(Number(price.toFixed(4)));
}
