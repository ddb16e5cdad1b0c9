package main

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"path"
)

// newProxy passes on what the settings allow, and nothing else.
func newProxy(settings settings) http.Handler {
	return guard(settings, &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = "http", "docker"
			// attach and exec would make a raw stream of it
			r.Out.Header.Del("Upgrade")
			r.Out.Header.Del("Connection")
		},
		Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var dialer net.Dialer
			return dialer.DialContext(ctx, "unix", settings.socketPath)
		}},
		FlushInterval: -1, // events must not wait for a full buffer
	})
}

func guard(settings settings, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status, reason := verdict(r.Context(), settings, r)
		if status == http.StatusOK {
			slog.Debug("passed", "method", r.Method, "path", r.URL.Path, "client", r.RemoteAddr)
			next.ServeHTTP(w, r)
			return
		}
		slog.Warn("refused", "reason", reason, "method", r.Method, "path", r.URL.Path, "client", r.RemoteAddr)
		http.Error(w, http.StatusText(status), status)
	})
}

func verdict(ctx context.Context, settings settings, r *http.Request) (int, string) {
	if settings.endpoint == "" && !mayConnect(ctx, settings.allowFrom, r.RemoteAddr) {
		return http.StatusForbidden, "client"
	}
	patterns := settings.allowed[r.Method]
	if len(patterns) == 0 {
		return http.StatusMethodNotAllowed, "method"
	}
	// Docker reads the path that is sent, so it must be what is compared: nothing encoded, no "..".
	if r.URL.RawPath != "" || r.URL.Path != path.Clean(r.URL.Path) {
		return http.StatusForbidden, "path"
	}
	for _, pattern := range patterns {
		if pattern.MatchString(r.URL.Path) {
			return http.StatusOK, ""
		}
	}
	return http.StatusForbidden, "path"
}

// mayConnect asks the resolver anew each time: a task that is replaced has another address.
func mayConnect(ctx context.Context, allowFrom []string, remote string) bool {
	client, err := netip.ParseAddrPort(remote)
	if err != nil {
		return false
	}
	address := client.Addr().Unmap()
	for _, allowed := range allowFrom {
		if network, err := netip.ParsePrefix(allowed); err == nil {
			if network.Contains(address) {
				return true
			}
			continue
		}
		found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", allowed)
		if err != nil {
			slog.Warn("host name not found", "name", allowed, "error", err)
		}
		for _, one := range found {
			if one.Unmap() == address {
				return true
			}
		}
	}
	return false
}
