import { expect } from "chai";
import { withCappedWaits } from "../../bench/capped-waits";

const source = `package retry

import (
	"context"
	"log"
	"time"
)

func (conf *StateChangeConf) WaitForStateContext(ctx context.Context) (interface{}, error) {
	log.Printf("[DEBUG] Waiting for state to become: %s", conf.Target)
}
`;

describe("withCappedWaits", () => {
  it("caps the three waits before anything is waited for, and changes nothing else", () => {
    expect(withCappedWaits(source)).to.equal(`package retry

import (
	"context"
	"log"
	"os"
	"time"
)

func (conf *StateChangeConf) WaitForStateContext(ctx context.Context) (interface{}, error) {
	conf.Delay, conf.PollInterval, conf.MinTimeout = capped(conf.Delay), capped(conf.PollInterval), capped(conf.MinTimeout)
	log.Printf("[DEBUG] Waiting for state to become: %s", conf.Target)
}

func capped(wait time.Duration) time.Duration {
	if limit, err := time.ParseDuration(os.Getenv("SWARM_BENCH_WAIT_LIMIT")); err == nil && wait > limit {
		return limit
	}
	return wait
}
`);
  });

  it("refuses a file that is not as it was", () => {
    expect(() => withCappedWaits(source.replace("WaitForStateContext", "Wait"))).to.throw("is not in it once; look at what changed.");
    expect(() => withCappedWaits(source + source)).to.throw("is not in it once");
  });
});
