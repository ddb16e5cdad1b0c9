package docker

import "github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"

// networkResource is docker:index/network:Network. Docker changes nothing about a network once it is there, so every input replaces it.
func networkResource() *schema.Resource {
	fields := map[string]*schema.Schema{
		"name":            {Type: schema.TypeString, Required: true, Description: "The network's name."},
		"attachable":      {Type: schema.TypeBool, Optional: true, Description: "Whether containers that are no service may join."},
		"check_duplicate": {Type: schema.TypeBool, Optional: true, Deprecated: "The daemon always checks.", Description: "Has no effect."},
		"driver":          {Type: schema.TypeString, Optional: true, Computed: true, Description: "bridge, overlay, macvlan, …"},
		"ingress":         {Type: schema.TypeBool, Optional: true, Description: "Whether it is the swarm's routing mesh."},
		"internal":        {Type: schema.TypeBool, Optional: true, Computed: true, Description: "Whether it has no way out."},
		"ipv6":            {Type: schema.TypeBool, Optional: true, Description: "Whether IPv6 is on."},
		"ipam_driver":     {Type: schema.TypeString, Optional: true, Default: "default", Description: "What gives out addresses."},
		"ipam_options":    {Type: schema.TypeMap, Optional: true, Elem: text(), Description: "Options of the IPAM driver."},
		"options":         {Type: schema.TypeMap, Optional: true, Computed: true, Elem: text(), Description: "Options of the driver."},
		"labels": {
			Type: schema.TypeSet, Optional: true, Description: "Labels, each with its value.",
			Elem: &schema.Resource{Schema: map[string]*schema.Schema{
				"label": {Type: schema.TypeString, Required: true, ForceNew: true},
				"value": {Type: schema.TypeString, Required: true, ForceNew: true},
			}},
		},
		"ipam_config": {
			Type: schema.TypeSet, Optional: true, Computed: true, Description: "Subnets, and what of them is used.",
			Elem: &schema.Resource{Schema: map[string]*schema.Schema{
				"subnet":      {Type: schema.TypeString, Optional: true, ForceNew: true},
				"ip_range":    {Type: schema.TypeString, Optional: true, ForceNew: true},
				"gateway":     {Type: schema.TypeString, Optional: true, ForceNew: true},
				"aux_address": {Type: schema.TypeMap, Optional: true, ForceNew: true, Elem: text()},
			}},
		},
	}
	for _, field := range fields {
		field.ForceNew = true
	}
	fields["scope"] = &schema.Schema{Type: schema.TypeString, Computed: true, Description: "local, swarm or global."}
	return &schema.Resource{
		Schema:        fields,
		CreateContext: createNetwork,
		ReadContext:   readNetwork,
		DeleteContext: deleteNetwork,
		Importer:      &schema.ResourceImporter{StateContext: schema.ImportStatePassthroughContext},
	}
}

// networkDataSource is docker:index/getNetwork:getNetwork.
func networkDataSource() *schema.Resource {
	return &schema.Resource{
		ReadContext: lookUpNetwork,
		Schema: map[string]*schema.Schema{
			"name":     {Type: schema.TypeString, Required: true},
			"driver":   {Type: schema.TypeString, Computed: true},
			"internal": {Type: schema.TypeBool, Computed: true},
			"options":  {Type: schema.TypeMap, Computed: true, Elem: text()},
			"scope":    {Type: schema.TypeString, Computed: true},
			"ipam_config": {
				Type: schema.TypeSet, Computed: true,
				Elem: &schema.Resource{Schema: map[string]*schema.Schema{
					"subnet":      {Type: schema.TypeString, Optional: true},
					"ip_range":    {Type: schema.TypeString, Optional: true},
					"gateway":     {Type: schema.TypeString, Optional: true},
					"aux_address": {Type: schema.TypeMap, Optional: true, Elem: text()},
				}},
			},
		},
	}
}
