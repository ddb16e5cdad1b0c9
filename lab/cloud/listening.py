"""Until the servers consume their queues: a call sent earlier is lost, and an agent then waits minutes for its answer."""
import os
import sys
import time

import amqp

DEADLINE = 180  # seconds; 9 on a quiet machine


def main():
    end = time.monotonic() + DEADLINE
    missing = ["conductor", "scheduler", "q-plugin", "q-l3-plugin", "q-reports-plugin"]
    with amqp.Connection(f"{os.environ['CONTROLLER_IP']}:5672", "lab", os.environ["RABBIT_PASS"]) as bus:
        while missing:
            try:
                if bus.channel().queue_declare(missing[0], passive=True).consumer_count:
                    missing.pop(0)
                    continue
            except amqp.NotFound:
                pass
            if time.monotonic() > end:
                sys.exit(f"after {DEADLINE} s nobody listens on: {missing}")
            time.sleep(0.3)


main()
