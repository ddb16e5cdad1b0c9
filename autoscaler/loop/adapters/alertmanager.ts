import { messageOf } from "../../../ops/errors";
import { ask, everyAddress } from "../../../ops/connection/http";
import { blindAlert, eventAlert, type PostedAlert } from "../alerts";
import type { Blindness, Clock, NotifyPort, ScaleEvent } from "../ports";

/** Seconds for an answer. */
const answerSeconds = 4;

/** Tells every Alertmanager: they tell each other what was sent, not what was posted. */
export class Alertmanager implements NotifyPort {
  /** Answers that did not come. */
  failures = 0;

  constructor(
    private readonly urls: readonly string[],
    private readonly cluster: () => string,
    private readonly clock: Clock,
    private readonly say: (line: string) => void,
  ) {}

  async scaled(event: ScaleEvent): Promise<void> {
    await this.post(eventAlert(this.cluster(), event));
  }

  async blind(blindness: Blindness): Promise<void> {
    await this.post(blindAlert(this.cluster(), blindness, this.clock.now()));
  }

  private async post(alert: PostedAlert): Promise<void> {
    const all = (await Promise.all(this.urls.map(async (url) => everyAddress(new URL(url))))).flat();
    await Promise.all(
      all.map(async (url) => {
        const address = new URL("api/v2/alerts", url.href.endsWith("/") ? url : `${url.href}/`);
        await ask(address, { method: "POST", body: [alert], timeoutSeconds: answerSeconds }).catch((error: unknown) => {
          this.failures += 1;
          this.say(`alertmanager: ${alert.labels["alertname"] ?? ""} was not delivered; ${messageOf(error)}`);
        });
      }),
    );
  }
}
