// Package remote runs commands on other machines, over SSH.
package remote

import (
	"context"

	"github.com/pulumi/pulumi-go-provider/infer"
	"swarm-openstack/toolchain/plugins/command/lifecycle"
	"swarm-openstack/toolchain/plugins/command/output"
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
	return []infer.EnumValue[Logging]{
		{Name: output.LogStdout, Value: output.LogStdout, Description: "Show standard output only."},
		{Name: output.LogStderr, Value: output.LogStderr, Description: "Show standard error only."},
		{Name: output.LogStdoutAndStderr, Value: output.LogStdoutAndStderr, Description: "Show both."},
		{Name: output.LogNothing, Value: output.LogNothing, Description: "Show neither."},
	}
}

// Inputs are what a program gives.
type Inputs struct {
	lifecycle.Inputs
	Stdin                  *string           `pulumi:"stdin,optional"`
	Logging                *Logging          `pulumi:"logging,optional"`
	Connection             *Connection       `pulumi:"connection" provider:"secret"`
	Environment            map[string]string `pulumi:"environment,optional"`
	AddPreviousOutputInEnv *bool             `pulumi:"addPreviousOutputInEnv,optional"`
}

// Annotate describes the inputs in the schema.
func (in *Inputs) Annotate(a infer.Annotator) {
	a.Describe(&in.Stdin, "What the command reads from its standard input.")
	a.Describe(&in.Logging, "Which of the command's streams are shown while it runs; both by default. It has no effect on the outputs.")
	a.Describe(&in.Connection, "How to reach the machine.")
	a.Describe(&in.Environment, "Variables to add to the environment; the server must accept them (AcceptEnv).")
	a.Describe(&in.AddPreviousOutputInEnv,
		"Whether the next command finds what the last one printed in PULUMI_COMMAND_STDOUT and PULUMI_COMMAND_STDERR; yes by default.")
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
