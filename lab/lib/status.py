"""What of the lab runs: status.py [--json | --memory]. Exit 0: all is well, 3: it is not.

Looks at processes, not at APIs, so that it answers when the cloud does not; only the list of servers asks Nova."""
import json
import os
import re
import subprocess
import sys

RUN, STATE = os.environ["LAB_RUN"], os.environ["LAB_STATE"]
HOSTS = os.environ["HOSTS"].split()
# inside the host: one line per service, from runit's own files
LIST = r"""cd /run/sv && for s in *; do
printf '%s|%s|%s|%s\n' "$s" "$(sv status /run/sv/$s)" "$(wc -l <$s/starts 2>/dev/null || echo 0)" "$(test -e $s/down && echo waits)"
done"""


def read(path, default=""):
    try:
        with open(path, encoding="utf-8") as f:
            return f.read()
    except OSError:
        return default


def pairs(text):
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


def namespace(path):
    try:
        return os.stat(path).st_ino
    except OSError:
        return None


def host_pid(host):
    pid = read(f"{RUN}/{host}.pid").strip()
    net = namespace(f"/run/netns/lab-{host}")
    return pid if pid and net and namespace(f"/proc/{pid}/ns/net") == net else None


def services(pid):
    done = subprocess.run(["nsenter", "-t", pid, "-m", "-u", "-i", "-n", "-p", "sh", "-c", LIST],
                          capture_output=True, text=True, timeout=20, check=False)
    found = []
    for line in done.stdout.splitlines():
        name, state, starts, waits = line.split("|")
        seconds = re.search(r"\) (\d+)s", state)
        found.append({"name": name, "state": "waits" if waits else state.split(":")[0],
                      "uptime_seconds": int(seconds[1]) if seconds and state.startswith("run") else 0,
                      "restarts": max(0, int(starts) - 1)})
    return found


def memory():
    """Proportional set sizes in MiB, per host: the cloud's daemons and the servers' emulators apart."""
    spaces = {namespace(f"/proc/{pid}/ns/pid"): h for h in HOSTS if (pid := host_pid(h))}
    spaces.pop(None, None)
    daemons, servers = dict.fromkeys(HOSTS, 0), dict.fromkeys(HOSTS, 0)
    for pid in filter(str.isdigit, os.listdir("/proc")):
        host = spaces.get(namespace(f"/proc/{pid}/ns/pid"))
        pss = re.search(r"^Pss:\s+(\d+)", read(f"/proc/{pid}/smaps_rollup") if host else "", re.M)
        if pss:
            kind = servers if "qemu-system" in read(f"/proc/{pid}/comm") else daemons
            kind[host] += int(pss[1])
    return {h: m // 1024 for h, m in daemons.items()}, {h: m // 1024 for h, m in servers.items()}


def cloud_servers():
    import openstack  # noqa: PLC0415  # slow to load, needed here alone
    os.environ["OS_CLIENT_CONFIG_FILE"] = os.environ["LAB_CLOUDS"]
    try:
        compute = openstack.connect(cloud="lab-admin", api_timeout=15).compute
        return [{"name": s.name, "status": s.status, "zone": s.availability_zone, "host": s.compute_host, "flavor": s.flavor["name"],
                 "addresses": [a["addr"] for net in (s.addresses or {}).values() for a in net]}
                for s in compute.servers(all_projects=True)], None
    except Exception as e:  # whatever the cloud answers, the status of its daemons is still worth a line
        return [], f"{type(e).__name__}: {e}"[:200]


def collect():
    daemons, emulators = memory()
    hosts = []
    for host in HOSTS:
        pid = host_pid(host)
        hosts.append({"name": host, "on": bool(pid), "services": services(pid) if pid else [],
                      "daemons_mib": daemons[host], "servers_mib": emulators[host]})
    up = hosts[0]["on"]
    servers, fault = cloud_servers() if up else ([], None)
    down = [f"{h['name']}: {s['name']} is {s['state']}" for h in hosts for s in h["services"] if s["state"] != "run"]
    # restarted moments ago, and not for the first time: it may be failing again and again
    down += [f"{h['name']}: {s['name']} started again {s['restarts']} times, last {s['uptime_seconds']} s ago" for h in hosts
             for s in h["services"] if s["state"] == "run" and s["restarts"] > 2 and s["uptime_seconds"] < 30]
    down += [f"{h['name']} is off" for h in hosts if not h["on"]] if up else ["the lab is down"]
    return {"up": up, "accel": read(f"{RUN}/accel").strip() or None, "holder": pairs(read(f"{STATE}/holder")),
            "working": working(), "hosts": hosts, "cloud_mib": sum(daemons.values()),
            "servers_mib": sum(emulators.values()), "servers": servers, "faults": down + ([f"Nova: {fault}"] if fault else [])}


def working():
    holder = pairs(read(f"{RUN}/lock.holder"))
    return holder if os.path.exists(f"/proc/{holder.get('pid', 'none')}") else None


def span(seconds):
    return f"{seconds // 3600}h{seconds % 3600 // 60:02}m" if seconds >= 3600 else f"{seconds // 60}m{seconds % 60:02}s"


def show(s):
    if s["working"]:
        print(f"working  {s['working']['command']} (process {s['working']['pid']}) since {s['working']['since']}")
    if s["holder"]:
        print(f"holder   {s['holder']['path']} since {s['holder']['since']}, recipe {s['holder']['recipe']}")
    if not s["up"]:
        return print("the lab is down")
    print(f"accel    {s['accel']}\nmemory   cloud {s['cloud_mib']} MiB, servers {s['servers_mib']} MiB\n")
    print(f"{'HOST':<12}{'SERVICE':<18}{'STATE':<8}{'UPTIME':>8}{'RESTARTS':>10}")
    for h in s["hosts"]:
        print(f"{h['name']:<12}{'on' if h['on'] else 'OFF':<18}{'':<26}{h['daemons_mib']:>6} MiB, servers {h['servers_mib']} MiB")
        for x in h["services"]:
            print(f"{'':<12}{x['name']:<18}{x['state']:<8}{span(x['uptime_seconds']):>8}{x['restarts']:>10}")
    print(f"\n{'SERVER':<36}{'STATUS':<9}{'ZONE':<6}{'FLAVOR':<11}ADDRESSES")
    for v in sorted(s["servers"], key=lambda v: v["name"]):
        print(f"{v['name']:<36}{v['status']:<9}{v['zone'] or '-':<6}{v['flavor'] or '-':<11}{' '.join(v['addresses'])}")
    for fault in s["faults"]:
        print(f"FAULT    {fault}")


def main():
    if sys.argv[1:] == ["--memory"]:
        return print(sum(memory()[0].values()))
    s = collect()
    if sys.argv[1:] == ["--json"]:
        print(json.dumps(s, indent=2))
    else:
        show(s)
    sys.exit(3 if s["faults"] else 0)


main()
