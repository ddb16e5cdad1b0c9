package docker

import (
	"github.com/docker/docker/api/types/network"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
)

// createOptions is what the inputs ask of the daemon.
func createOptions(d *schema.ResourceData) network.CreateOptions {
	options := network.CreateOptions{
		Driver:     stringOf(d, "driver"),
		Attachable: boolOf(d, "attachable"),
		Ingress:    boolOf(d, "ingress"),
		Internal:   boolOf(d, "internal"),
		Options:    mapOf(d.Get("options")),
		Labels:     map[string]string{},
		IPAM:       &network.IPAM{Driver: stringOf(d, "ipam_driver"), Options: mapOf(d.Get("ipam_options"))},
	}
	if ipv6 := boolOf(d, "ipv6"); ipv6 {
		options.EnableIPv6 = &ipv6
	}
	for _, label := range elements(d, "labels") {
		options.Labels[textOf(label["label"])] = textOf(label["value"])
	}
	for _, config := range elements(d, "ipam_config") {
		options.IPAM.Config = append(options.IPAM.Config, network.IPAMConfig{
			Subnet:     textOf(config["subnet"]),
			IPRange:    textOf(config["ip_range"]),
			Gateway:    textOf(config["gateway"]),
			AuxAddress: mapOf(config["aux_address"]),
		})
	}
	return options
}

// resourceFields is what the daemon says of the network. Where the program asked for some options or a subnet, what the daemon
// added to them (an overlay's VXLAN number, a gateway) is left out: it would look like a change and replace the network.
func resourceFields(d *schema.ResourceData, found network.Inspect) map[string]any {
	return map[string]any{
		"name":         found.Name,
		"attachable":   found.Attachable,
		"driver":       found.Driver,
		"ingress":      found.Ingress,
		"internal":     found.Internal,
		"ipv6":         found.EnableIPv6,
		"ipam_driver":  found.IPAM.Driver,
		"ipam_options": found.IPAM.Options,
		"options":      askedOptions(mapOf(d.Get("options")), found.Options),
		"ipam_config":  askedIPAM(elements(d, "ipam_config"), flattenIPAM(found.IPAM.Config)),
		"labels":       flattenLabels(found.Labels),
		"scope":        found.Scope,
	}
}

func flattenLabels(labels map[string]string) []any {
	flat := []any{}
	for label, value := range labels {
		flat = append(flat, map[string]any{"label": label, "value": value})
	}
	return flat
}

// The number that the swarm gives an overlay network; no program asks for it.
const vxlanOption = "com.docker.network.driver.overlay.vxlanid_list"

func askedOptions(asked, found map[string]string) map[string]string {
	kept := map[string]string{}
	for key, value := range found {
		if _, wanted := asked[key]; wanted || (len(asked) == 0 && key != vxlanOption) {
			kept[key] = value
		}
	}
	return kept
}

func askedIPAM(asked []map[string]any, found []any) []any {
	for _, want := range asked {
		for _, element := range found {
			have, _ := element.(map[string]any)
			if textOf(want["subnet"]) == "" || have["subnet"] != want["subnet"] {
				continue
			}
			for key, value := range want {
				if text, ok := value.(string); ok && text == "" {
					have[key] = ""
				}
			}
		}
	}
	return found
}

func flattenIPAM(configs []network.IPAMConfig) []any {
	flat := []any{}
	for _, config := range configs {
		flat = append(flat, map[string]any{
			"subnet":      config.Subnet,
			"ip_range":    config.IPRange,
			"gateway":     config.Gateway,
			"aux_address": config.AuxAddress,
		})
	}
	return flat
}

func elements(d *schema.ResourceData, key string) []map[string]any {
	set, ok := d.Get(key).(*schema.Set)
	if !ok {
		return nil
	}
	out := []map[string]any{}
	for _, element := range set.List() {
		if fields, ok := element.(map[string]any); ok {
			out = append(out, fields)
		}
	}
	return out
}

func mapOf(value any) map[string]string {
	fields, _ := value.(map[string]any)
	out := map[string]string{}
	for key, element := range fields {
		out[key] = textOf(element)
	}
	return out
}

func textOf(value any) string {
	s, _ := value.(string)
	return s
}

func boolOf(d *schema.ResourceData, key string) bool {
	value, _ := d.Get(key).(bool)
	return value
}
