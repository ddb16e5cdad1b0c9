// Package local runs commands on this machine.
package local

import (
	"context"

	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi-go-provider/infer/types"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"swarm-openstack/toolchain/plugins/command/lifecycle"
)

// Command is the resource command:local:Command.
type Command struct{}

// Annotate describes the resource in the schema.
func (c *Command) Annotate(a infer.Annotator) {
	a.Describe(&c, "A command that runs on this machine when the resource is created, updated or deleted.")
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
	Logging      *Logging           `pulumi:"logging,optional"`
	Interpreter  *[]string          `pulumi:"interpreter,optional"`
	Dir          *string            `pulumi:"dir,optional"`
	Environment  *map[string]string `pulumi:"environment,optional"`
	AssetPaths   *[]string          `pulumi:"assetPaths,optional"`
	ArchivePaths *[]string          `pulumi:"archivePaths,optional"`
}

// Annotate describes the inputs in the schema.
func (in *Inputs) Annotate(a infer.Annotator) {
	lifecycle.DescribeLogging(a, &in.Logging)
	a.Describe(&in.Interpreter, "The program and its arguments that take the command as their last one; `/bin/sh -c` by default.")
	a.Describe(&in.Dir, "The folder to run in.")
	a.Describe(&in.Environment, "Variables to add to the environment.")
	a.Describe(&in.AssetPaths, "Patterns of files below `dir` to give back as assets; `!` in front excludes, later ones win.")
	a.Describe(&in.ArchivePaths, "Patterns of files below `dir` to give back as one archive; `!` in front excludes, later ones win.")
}

// State is what the engine keeps.
type State struct {
	Inputs
	lifecycle.Outputs
	Assets  *map[string]*types.AssetOrArchive `pulumi:"assets,optional"`
	Archive *resource.Archive                 `pulumi:"archive,optional"`
}

// Annotate describes the outputs in the schema.
func (s *State) Annotate(a infer.Annotator) {
	a.Describe(&s.Assets, "The files that `assetPaths` names, by their path below `dir`.")
	a.Describe(&s.Archive, "The files that `archivePaths` names.")
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
