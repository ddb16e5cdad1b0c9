package docker

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/client"
	"github.com/hashicorp/terraform-plugin-sdk/v2/diag"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
)

// Connecting is tried again, over ssh it may fail for a moment; a network in use, or not allocated yet, is waited for.
const (
	connectAttempts     = 5
	connectFirstWait    = time.Second
	removeDeadline      = 30 * time.Second
	removeRetryInterval = time.Second

	allocateDeadline      = 2 * time.Minute
	allocateRetryInterval = time.Second
)

func createNetwork(ctx context.Context, d *schema.ResourceData, meta any) diag.Diagnostics {
	api, err := connected(ctx, meta)
	if err != nil {
		return diag.FromErr(err)
	}
	created, err := api.NetworkCreate(ctx, stringOf(d, "name"), createOptions(d))
	if err != nil {
		return diag.FromErr(fmt.Errorf("network %s: not created: %w", stringOf(d, "name"), err))
	}
	d.SetId(created.ID)
	return readNetwork(ctx, d, meta)
}

func readNetwork(ctx context.Context, d *schema.ResourceData, meta any) diag.Diagnostics {
	api, err := connected(ctx, meta)
	if err != nil {
		return diag.FromErr(err)
	}
	found, err := allocated(ctx, api, d.Id())
	if errdefs.IsNotFound(err) {
		d.SetId("")
		return nil
	}
	if err != nil {
		return diag.FromErr(fmt.Errorf("network %s: not read: %w", d.Id(), err))
	}
	d.SetId(found.ID) // an import may name it
	return diag.FromErr(setAll(d, resourceFields(d, found)))
}

// allocated reads a network once it is whole: a swarm accepts one first and gives it its driver and options a moment later.
func allocated(ctx context.Context, api client.APIClient, id string) (network.Inspect, error) {
	deadline := time.Now().Add(allocateDeadline)
	for {
		found, err := api.NetworkInspect(ctx, id, network.InspectOptions{})
		if err != nil || found.Driver != "" {
			return found, err
		}
		if time.Now().After(deadline) {
			return found, fmt.Errorf("the swarm has not allocated it within %s", allocateDeadline)
		}
		if err := pause(ctx, allocateRetryInterval); err != nil {
			return found, err
		}
	}
}

func deleteNetwork(ctx context.Context, d *schema.ResourceData, meta any) diag.Diagnostics {
	api, err := connected(ctx, meta)
	if err != nil {
		return diag.FromErr(err)
	}
	deadline := time.Now().Add(removeDeadline)
	for {
		err := api.NetworkRemove(ctx, d.Id())
		if err == nil || errdefs.IsNotFound(err) {
			return nil
		}
		if !strings.Contains(err.Error(), "has active endpoints") || time.Now().After(deadline) {
			return diag.FromErr(fmt.Errorf("network %s: not removed: %w", stringOf(d, "name"), err))
		}
		if err := pause(ctx, removeRetryInterval); err != nil {
			return diag.FromErr(err)
		}
	}
}

func lookUpNetwork(ctx context.Context, d *schema.ResourceData, meta any) diag.Diagnostics {
	api, err := connected(ctx, meta)
	if err != nil {
		return diag.FromErr(err)
	}
	found, err := api.NetworkInspect(ctx, stringOf(d, "name"), network.InspectOptions{})
	if err != nil {
		return diag.FromErr(fmt.Errorf("network %s: not read: %w", stringOf(d, "name"), err))
	}
	d.SetId(found.ID)
	return diag.FromErr(setAll(d, map[string]any{
		"driver":      found.Driver,
		"internal":    found.Internal,
		"options":     found.Options,
		"scope":       found.Scope,
		"ipam_config": flattenIPAM(found.IPAM.Config),
	}))
}

// connected gives the client once the daemon answers. Asking first keeps the operation itself from being sent twice.
func connected(ctx context.Context, meta any) (client.APIClient, error) {
	daemon, ok := meta.(*configured)
	if !ok {
		return nil, errors.New("the docker provider is not configured")
	}
	wait := connectFirstWait
	for attempt := 1; ; attempt++ {
		_, err := daemon.api.Ping(ctx)
		if err == nil {
			return daemon.api, nil
		}
		if attempt == connectAttempts {
			return nil, fmt.Errorf("%s: the Docker daemon does not answer after %d attempts: %w", daemon.host, attempt, err)
		}
		if err := pause(ctx, wait); err != nil {
			return nil, err
		}
		wait *= 2
	}
}

func pause(ctx context.Context, wait time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(wait):
		return nil
	}
}

func setAll(d *schema.ResourceData, values map[string]any) error {
	for key, value := range values {
		if err := d.Set(key, value); err != nil {
			return err
		}
	}
	return nil
}
