package plan

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A Platform is one platform of the image and the runner that builds it.
type Platform struct {
	Name     string   // linux/arm/v7
	Arch     string   // what refs and artifacts call it: arm-v7
	Runner   []string // labels
	Emulated bool
}

// native are the GitHub-hosted runners that need no emulation.
// Source: actions/runner-images README, 2026-08-21.
var native = map[string]string{
	"linux/amd64": "ubuntu-24.04",
	"linux/arm64": "ubuntu-24.04-arm",
	"linux/386":   "ubuntu-24.04", // an amd64 machine runs it as it is
}

func resolvePlatforms(p *Plan) {
	if len(p.Spec.Platforms) == 0 {
		p.problem(`no platform is named; want at least one such as "linux/amd64": {}`, "platforms")
	}
	for _, s := range p.Spec.Platforms {
		platform := Platform{
			Name:     s.Name,
			Arch:     strings.ReplaceAll(strings.TrimPrefix(s.Name, "linux/"), "/", "-"),
			Runner:   s.Runner,
			Emulated: s.Emulated,
		}
		if len(platform.Runner) == 0 {
			platform.Runner = defaultRunner(s.Name, s.Emulated)
		}
		switch hosted := hostedPlatform(platform.Runner); {
		case !p.prebuilt():
			// no runner builds anything
		case notLinux(platform.Runner):
			p.problem("Linux images are built on Linux; want a runner such as ubuntu-24.04", "platforms", s.Name, "runner")
		case s.Emulated && hosted == s.Name:
			p.problem(fmt.Sprintf("%s is %s: nothing is to be emulated; remove emulated", strings.Join(platform.Runner, ", "), s.Name), "platforms", s.Name, "emulated")
		case len(platform.Runner) == 0:
			p.problem(fmt.Sprintf("GitHub has no runner for %s; name your own (runner: \"label\") or say emulated: true", s.Name), "platforms", s.Name)
		case hosted != "" && hosted != s.Name && !s.Emulated && !runs32bit(hosted, s.Name):
			p.problem(fmt.Sprintf("%s cannot run on %s, which is %s; name a runner of the platform or say emulated: true", s.Name, strings.Join(platform.Runner, ", "), hosted), "platforms", s.Name, "runner")
		}
		p.Platforms = append(p.Platforms, platform)
	}
}

// prebuilt reports whether the spec asks for a workflow.
func (p *Plan) prebuilt() bool { return p.Spec.Workflow != nil && p.on("workflow") }

// notLinux reports whether labels are those of a GitHub-hosted runner of another system.
func notLinux(labels []string) bool {
	return slices.ContainsFunc(labels, func(l string) bool { return strings.HasPrefix(l, "macos-") || strings.HasPrefix(l, "windows-") })
}

func defaultRunner(platform string, emulated bool) []string {
	if label, ok := native[platform]; ok && !emulated {
		return []string{label}
	}
	if emulated {
		return []string{native["linux/amd64"]}
	}
	return nil
}

// hostedLabel is a label of GitHub's own; those of larger runners are named by their organisation.
var hostedLabel = regexp.MustCompile(`^ubuntu-(latest|slim|\d+\.\d+)(-arm)?$`)

// hostedPlatform is the platform of a GitHub-hosted Linux runner, or "" for a label of the user's own.
func hostedPlatform(labels []string) string {
	if len(labels) != 1 || !hostedLabel.MatchString(labels[0]) {
		return ""
	}
	if strings.HasSuffix(labels[0], "-arm") {
		return "linux/arm64"
	}
	return "linux/amd64"
}

// runs32bit reports whether the machine runs the 32-bit platform without emulation.
func runs32bit(machine, platform string) bool {
	return machine == "linux/amd64" && platform == "linux/386"
}

// Emulated reports whether any platform is built under QEMU.
func (p *Plan) Emulated() bool {
	return slices.ContainsFunc(p.Platforms, func(x Platform) bool { return x.Emulated })
}
