"""The end of a server's console, by the server's name: console.py NAME LINES."""
import sys

import openstack


def main():
    name, lines = sys.argv[1], int(sys.argv[2])
    compute = openstack.connect().compute
    found = [s for s in compute.servers(all_projects=True) if s.name == name or s.id == name]
    if not found:
        sys.exit(f"console: there is no server \"{name}\"; `lab status` lists them")
    for server in found:
        if len(found) > 1:
            print(f"== {server.id}", file=sys.stderr)
        print(compute.get_server_console_output(server, length=lines)["output"])


main()
