package plan

import (
	_ "embed"
	"encoding/json"
)

// actionsJSON holds the actions that outputs use: version, commit, and what action.yml at that version (or the
// nearest earlier one) calls its inputs and outputs.
//
//go:embed actions.json
var actionsJSON []byte

// An Action is one pinned action.
type Action struct {
	Version string   `json:"version"` // v7.0.1
	SHA     string   `json:"sha"`     // the commit of the version
	Inputs  []string `json:"inputs"`
	Outputs []string `json:"outputs"`
}

// Actions are the pinned actions by name (owner/repository, or with the path of an action below it).
func Actions() map[string]Action {
	var actions map[string]Action
	if err := json.Unmarshal(actionsJSON, &actions); err != nil {
		panic(err) // embedded and tested
	}
	return actions
}

// BinfmtImage is the emulator that docker/setup-qemu-action installs; its default is a mutable tag.
const BinfmtImage = "docker.io/tonistiigi/binfmt:qemu-v10.2.3-68@sha256:400a4873b838d1b89194d982c45e5fb3cda4593fbfd7e08a02e76b03b21166f0"
