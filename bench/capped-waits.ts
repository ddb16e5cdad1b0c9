/** Environment variable with the longest wait, as Go writes durations, e.g. "200ms"; without it the waits are the provider's. */
export const waitLimitVariable = "SWARM_BENCH_WAIT_LIMIT";

const anchors = {
  imports: 'import (\n\t"context"\n\t"log"\n',
  start: "func (conf *StateChangeConf) WaitForStateContext(ctx context.Context) (interface{}, error) {\n",
} as const;

/**
 * The Terraform plugin SDK's waiting loop with a limit on its fixed waits: before the first look, and between two.
 *
 * @param source text of helper/retry/state.go (github.com/hashicorp/terraform-plugin-sdk/v2).
 * @throws Error when the text is not as it was when this was written.
 */
export function withCappedWaits(source: string): string {
  for (const anchor of Object.values(anchors)) {
    if (source.split(anchor).length !== 2) throw new Error(`state.go of the Terraform plugin SDK: ${JSON.stringify(anchor)} is not in it once; look at what changed.`);
  }
  return source
    .replace(anchors.imports, `${anchors.imports}\t"os"\n`)
    .replace(anchors.start, `${anchors.start}\tconf.Delay, conf.PollInterval, conf.MinTimeout = capped(conf.Delay), capped(conf.PollInterval), capped(conf.MinTimeout)\n`)
    .concat(`
func capped(wait time.Duration) time.Duration {
	if limit, err := time.ParseDuration(os.Getenv("${waitLimitVariable}")); err == nil && wait > limit {
		return limit
	}
	return wait
}
`);
}
