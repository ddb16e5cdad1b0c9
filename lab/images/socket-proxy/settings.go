package main

import (
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"regexp"
	"strings"
	"time"
)

type settings struct {
	listenIP         string
	proxyPort        string
	endpoint         string      // a UNIX socket to listen on instead of the port, "" for none
	endpointMode     os.FileMode // its permissions
	socketPath       string
	allowFrom        []string                    // CIDRs and host names
	allowed          map[string][]*regexp.Regexp // by method; a path must match one as a whole
	allowHealthCheck bool
	watchdogInterval time.Duration // 0: no watchdog
	stopOnWatchdog   bool
	shutdownGrace    time.Duration
	logLevel         slog.Level
}

// parse takes upstream's flags; like there nothing is allowed that is not named.
func parse(arguments []string) (settings, error) {
	result := settings{allowed: map[string][]*regexp.Regexp{}}
	flags := flag.NewFlagSet("socket-proxy", flag.ContinueOnError)
	allowFrom := flags.String("allowfrom", "127.0.0.1/32", "CIDRs and host names, separated by commas, that may connect")
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		flags.Func("allow"+method, "regular expression that the whole path of a "+method+" must match; may be repeated", func(pattern string) error {
			expression, err := regexp.Compile("^(?:" + pattern + ")$")
			if err == nil {
				result.allowed[method] = append(result.allowed[method], expression)
			}
			return err
		})
	}
	flags.BoolVar(&result.allowHealthCheck, "allowhealthcheck", false, "let /healthcheck ask whether the socket answers")
	flags.StringVar(&result.listenIP, "listenip", "127.0.0.1", "address to listen on")
	flags.TextVar(&result.logLevel, "loglevel", slog.LevelInfo, "DEBUG, INFO, WARN or ERROR")
	flags.StringVar(&result.proxyPort, "proxyport", "2375", "TCP port to listen on")
	flags.StringVar(&result.endpoint, "proxysocketendpoint", "", "UNIX socket to listen on instead of the TCP port; who may open it may connect")
	mode := flags.Uint("proxysocketendpointfilemode", 0o600, "permissions of that socket")
	grace := flags.Uint("shutdowngracetime", 10, "seconds to wait for connections when told to stop")
	flags.StringVar(&result.socketPath, "socketpath", "/var/run/docker.sock", "the Docker socket")
	flags.BoolVar(&result.stopOnWatchdog, "stoponwatchdog", false, "stop when the watchdog finds no socket")
	interval := flags.Uint("watchdoginterval", 0, "seconds between looks for the socket, 0 for none")
	if err := flags.Parse(arguments); err != nil {
		return settings{}, err
	}
	if flags.NArg() > 0 {
		return settings{}, fmt.Errorf("%q: only flags are allowed", flags.Arg(0))
	}
	result.endpointMode = os.FileMode(*mode)
	result.allowFrom = strings.Split(*allowFrom, ",")
	result.shutdownGrace = time.Duration(*grace) * time.Second
	result.watchdogInterval = time.Duration(*interval) * time.Second
	return result, nil
}
