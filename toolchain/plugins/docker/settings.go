package docker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/docker/docker/client"
	"github.com/hashicorp/terraform-plugin-sdk/v2/diag"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
)

const defaultHost = "unix:///var/run/docker.sock"

// settings are the provider's, as the SDK declares them.
func settings() map[string]*schema.Schema {
	return map[string]*schema.Schema{
		"host": {
			Type: schema.TypeString, Required: true, DefaultFunc: schema.EnvDefaultFunc("DOCKER_HOST", defaultHost),
			Description: "The address of the Docker daemon: unix://, tcp:// or ssh://.",
		},
		"context":       optionalText("DOCKER_CONTEXT", "The name of a Docker context; not known to this stand-in, give `host`."),
		"ca_material":   optionalText("DOCKER_CA_MATERIAL", "The certificate authority of the daemon, in PEM."),
		"cert_material": optionalText("DOCKER_CERT_MATERIAL", "The client's certificate, in PEM."),
		"key_material":  optionalText("DOCKER_KEY_MATERIAL", "The client's private key, in PEM."),
		"cert_path":     optionalText("DOCKER_CERT_PATH", "A folder with ca.pem, cert.pem and key.pem."),
		"ssh_opts": {
			Type: schema.TypeList, Optional: true, Elem: text(), DefaultFunc: sshOptsFromEnvironment,
			Description: "Options for ssh when the host is ssh://.",
		},
		"registry_auth": {
			Type: schema.TypeSet, Optional: true, Elem: registryAuth(),
			Description: "Credentials of registries. Networks need none.",
		},
		"disable_docker_daemon_check": {
			Type: schema.TypeBool, Optional: true, Default: false,
			Description: "Do not ask the daemon for an answer before it is needed; with it a preview works while the daemon is down.",
		},
	}
}

func registryAuth() *schema.Resource {
	return &schema.Resource{Schema: map[string]*schema.Schema{
		"address":             {Type: schema.TypeString, Required: true},
		"auth_disabled":       {Type: schema.TypeBool, Optional: true},
		"config_file":         {Type: schema.TypeString, Optional: true},
		"config_file_content": {Type: schema.TypeString, Optional: true},
		"password":            {Type: schema.TypeString, Optional: true, Sensitive: true},
		"username":            {Type: schema.TypeString, Optional: true},
	}}
}

func text() *schema.Schema { return &schema.Schema{Type: schema.TypeString} }

func optionalText(variable, description string) *schema.Schema {
	return &schema.Schema{
		Type: schema.TypeString, Optional: true, DefaultFunc: schema.EnvDefaultFunc(variable, ""), Description: description,
	}
}

func sshOptsFromEnvironment() (any, error) {
	var options []any
	for _, option := range strings.Fields(os.Getenv("DOCKER_SSH_OPTS")) {
		options = append(options, option)
	}
	return options, nil
}

// configure makes the client, and asks the daemon for an answer unless that is switched off.
func configure(ctx context.Context, d *schema.ResourceData) (any, diag.Diagnostics) {
	if name, _ := d.Get("context").(string); name != "" {
		return nil, diag.FromErr(errors.New("docker.context: this stand-in knows no Docker contexts; give docker.host"))
	}
	api, err := newClient(daemon{
		host:     stringOf(d, "host"),
		sshOpts:  stringsOf(d.Get("ssh_opts")),
		ca:       stringOf(d, "ca_material"),
		cert:     stringOf(d, "cert_material"),
		key:      stringOf(d, "key_material"),
		certPath: stringOf(d, "cert_path"),
	})
	if err != nil {
		return nil, diag.FromErr(err)
	}
	if disabled, _ := d.Get("disable_docker_daemon_check").(bool); !disabled {
		if _, err := api.Ping(ctx); err != nil {
			return nil, diag.FromErr(fmt.Errorf("%s: the Docker daemon does not answer; disableDockerDaemonCheck puts this off: %w",
				stringOf(d, "host"), err))
		}
	}
	return &configured{api: api, host: stringOf(d, "host")}, nil
}

// configured is what the resources get of the provider. The client itself no longer knows an ssh:// host's name.
type configured struct {
	api  client.APIClient
	host string
}

func stringOf(d *schema.ResourceData, key string) string {
	value, _ := d.Get(key).(string)
	return value
}

func stringsOf(value any) []string {
	list, _ := value.([]any)
	out := make([]string, 0, len(list))
	for _, element := range list {
		if s, ok := element.(string); ok {
			out = append(out, s)
		}
	}
	return out
}
