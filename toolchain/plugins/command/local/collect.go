package local

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gobwas/glob"
	"github.com/pulumi/pulumi-go-provider/infer/types"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// collect gives back the files that the inputs name, below the folder that the command ran in.
func collect(state *State, dir string) error {
	if dir == "" {
		var err error
		if dir, err = os.Getwd(); err != nil {
			return err
		}
	}
	if state.AssetPaths != nil {
		files, err := find(dir, *state.AssetPaths)
		if err != nil {
			return err
		}
		assets := map[string]*types.AssetOrArchive{}
		for path, asset := range files {
			assets[path] = &types.AssetOrArchive{Asset: asset}
		}
		state.Assets = &assets
	}
	if state.ArchivePaths != nil {
		files, err := find(dir, *state.ArchivePaths)
		if err != nil {
			return err
		}
		members := map[string]any{}
		for path, asset := range files {
			members[path] = asset
		}
		if state.Archive, err = resource.NewAssetArchive(members); err != nil {
			return err
		}
	}
	return nil
}

type rule struct {
	pattern glob.Glob
	exclude bool
}

// find applies the patterns in order: of those that match a file, the last decides.
func find(dir string, patterns []string) (map[string]*resource.Asset, error) {
	rules := make([]rule, 0, len(patterns))
	for _, text := range patterns {
		bare, exclude := strings.CutPrefix(text, "!")
		pattern, err := glob.Compile(bare, '/')
		if err != nil {
			return nil, err
		}
		rules = append(rules, rule{pattern, exclude})
	}
	found := map[string]*resource.Asset{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !included(rules, path) {
			return err
		}
		found[path], err = resource.NewPathAsset(filepath.Join(dir, path))
		return err
	})
	return found, err
}

func included(rules []rule, path string) bool {
	included := false
	for _, r := range rules {
		if r.pattern.Match(path) {
			included = !r.exclude
		}
	}
	return included
}
