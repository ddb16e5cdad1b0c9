package docker

import (
	"encoding/json"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/docker/docker/api/types/network"
	"github.com/stretchr/testify/require"
)

// engine is a small Docker daemon that knows networks only. Like a swarm manager it adds to what it is asked for.
type engine struct {
	lock      sync.Mutex
	socket    string
	requests  []string
	created   network.CreateRequest
	networks  map[string]network.Inspect
	busyTries int // how many removals fail because the network is in use
	pingFails int // how many pings fail first
}

const networkID = "0123456789ab"

func newEngine(t *testing.T) *engine {
	t.Helper()
	e := &engine{socket: filepath.Join(t.TempDir(), "docker.sock"), networks: map[string]network.Inspect{}}
	listener, err := net.Listen("unix", e.socket)
	require.NoError(t, err)
	server := &http.Server{Handler: http.HandlerFunc(e.serve)}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return e
}

func (e *engine) host() string { return "unix://" + e.socket }

func (e *engine) serve(w http.ResponseWriter, r *http.Request) {
	e.lock.Lock()
	defer e.lock.Unlock()
	path := r.URL.Path
	if !strings.HasSuffix(path, "/_ping") {
		_, path, _ = strings.Cut(strings.TrimPrefix(path, "/"), "/") // the API's version
		e.requests = append(e.requests, r.Method+" "+path)
	}
	switch {
	case strings.HasSuffix(path, "/_ping"):
		e.ping(w)
	case path == "networks/create":
		e.create(w, r)
	case r.Method == http.MethodGet:
		if found, ok := e.find(strings.TrimPrefix(path, "networks/")); ok {
			_ = json.NewEncoder(w).Encode(found)
			return
		}
		reply(w, http.StatusNotFound, "no such network")
	case r.Method == http.MethodDelete:
		e.remove(w, strings.TrimPrefix(path, "networks/"))
	default:
		reply(w, http.StatusNotImplemented, r.Method+" "+path)
	}
}

func (e *engine) ping(w http.ResponseWriter) {
	if e.pingFails > 0 {
		e.pingFails--
		reply(w, http.StatusServiceUnavailable, "not yet")
		return
	}
	w.Header().Set("Api-Version", "1.45")
	_, _ = w.Write([]byte("OK"))
}

func (e *engine) find(name string) (network.Inspect, bool) {
	for _, found := range e.networks {
		if found.ID == name || found.Name == name {
			return found, true
		}
	}
	return network.Inspect{}, false
}

func (e *engine) create(w http.ResponseWriter, r *http.Request) {
	e.created = network.CreateRequest{}
	if err := json.NewDecoder(r.Body).Decode(&e.created); err != nil {
		reply(w, http.StatusBadRequest, err.Error())
		return
	}
	if _, there := e.find(e.created.Name); there {
		reply(w, http.StatusConflict, "network with name "+e.created.Name+" already exists")
		return
	}
	made := network.Inspect{
		ID: networkID, Name: e.created.Name, Driver: e.created.Driver, Attachable: e.created.Attachable, Internal: e.created.Internal,
		Ingress: e.created.Ingress, Labels: e.created.Labels, Scope: "swarm", IPAM: *e.created.IPAM, Options: map[string]string{},
	}
	for key, value := range e.created.Options {
		made.Options[key] = value
	}
	made.Options["com.docker.network.driver.overlay.vxlanid_list"] = "4097"
	if len(made.IPAM.Config) == 0 {
		made.IPAM.Config = []network.IPAMConfig{{Subnet: "10.0.1.0/24"}}
	}
	for i := range made.IPAM.Config {
		made.IPAM.Config[i].Gateway = strings.Replace(made.IPAM.Config[i].Subnet, ".0/24", ".1", 1)
	}
	e.networks[made.ID] = made
	_ = json.NewEncoder(w).Encode(network.CreateResponse{ID: made.ID})
}

func (e *engine) remove(w http.ResponseWriter, id string) {
	if _, ok := e.networks[id]; !ok {
		reply(w, http.StatusNotFound, "no such network")
		return
	}
	if e.busyTries > 0 {
		e.busyTries--
		reply(w, http.StatusForbidden, "error while removing network: it has active endpoints")
		return
	}
	delete(e.networks, id)
	w.WriteHeader(http.StatusNoContent)
}

func reply(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"message": message})
}
