// Package remote runs commands on other machines, over SSH.
package remote

import (
	"context"

	"github.com/pulumi/pulumi-go-provider/infer"
	"swarm-openstack/toolchain/plugins/command/lifecycle"
)

// Command is the resource command:remote:Command.
type Command struct{}

// Annotate describes the resource in the schema.
func (c *Command) Annotate(a infer.Annotator) {
	a.Describe(&c, "A command that runs on another machine when the resource is created, updated or deleted.")
}

// Logging says which streams are shown while the command runs.
type Logging string

// Values lists them for the schema.
func (Logging) Values() []infer.EnumValue[Logging] {
	return lifecycle.LoggingValues[Logging]()
}

// Inputs are what a program gives.
type Inputs struct {
	lifecycle.Inputs
	Logging     *Logging          `pulumi:"logging,optional"`
	Connection  *Connection       `pulumi:"connection" provider:"secret"`
	Environment map[string]string `pulumi:"environment,optional"`
}

// Annotate describes the inputs in the schema.
func (in *Inputs) Annotate(a infer.Annotator) {
	lifecycle.DescribeLogging(a, &in.Logging)
	a.Describe(&in.Connection, "How to reach the machine.")
	a.Describe(&in.Environment, "Variables to add to the environment; the server must accept them (AcceptEnv).")
}

// State is what the engine keeps.
type State struct {
	Inputs
	lifecycle.Outputs
}

// Create runs `create`.
func (*Command) Create(ctx context.Context, req infer.CreateRequest[Inputs]) (infer.CreateResponse[State], error) {
	state := State{Inputs: req.Inputs}
	id, err := lifecycle.NewID(req.Name)
	if err == nil && !req.DryRun && req.Inputs.Create != nil {
		err = run(ctx, *req.Inputs.Create, &state)
	}
	return infer.CreateResponse[State]{ID: id, Output: state}, err
}

// Update runs `update`, or `create` where there is no `update`.
func (*Command) Update(ctx context.Context, req infer.UpdateRequest[Inputs, State]) (infer.UpdateResponse[State], error) {
	state := req.State
	state.Inputs = req.Inputs
	var err error
	if command := req.Inputs.OnUpdate(); command != nil && !req.DryRun {
		err = run(ctx, *command, &state)
	}
	return infer.UpdateResponse[State]{Output: state}, err
}

// Delete runs `delete`.
func (*Command) Delete(ctx context.Context, req infer.DeleteRequest[State]) (infer.DeleteResponse, error) {
	if req.State.Inputs.Delete == nil {
		return infer.DeleteResponse{}, nil
	}
	return infer.DeleteResponse{}, run(ctx, *req.State.Inputs.Delete, &req.State)
}
