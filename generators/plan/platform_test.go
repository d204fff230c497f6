package plan

import "testing"

func TestPlatforms(t *testing.T) {
	amd64, arm64 := []string{"ubuntu-24.04"}, []string{"ubuntu-24.04-arm"}
	for _, row := range []struct {
		spec string
		want Platform
	}{
		{`"linux/amd64": {}`, Platform{"linux/amd64", "amd64", amd64, false}},
		{`"linux/arm64": {}`, Platform{"linux/arm64", "arm64", arm64, false}},
		{`"linux/arm64": emulated: true`, Platform{"linux/arm64", "arm64", amd64, true}},
		{`"linux/arm64": {emulated: true, runner: "ubuntu-22.04"}`, Platform{"linux/arm64", "arm64", []string{"ubuntu-22.04"}, true}},
		{`"linux/arm64": runner: "ubuntu-22.04-arm"`, Platform{"linux/arm64", "arm64", []string{"ubuntu-22.04-arm"}, false}},
		{`"linux/arm64": runner: "my-arm"`, Platform{"linux/arm64", "arm64", []string{"my-arm"}, false}},
		// A larger runner has the name that its organisation gave it: only GitHub's own labels tell an architecture.
		{`"linux/arm64": runner: "ubuntu-24.04-arm64-16core"`, Platform{"linux/arm64", "arm64", []string{"ubuntu-24.04-arm64-16core"}, false}},
		{`"linux/arm64": runner: ["self-hosted", "linux", "ARM64"]`, Platform{"linux/arm64", "arm64", []string{"self-hosted", "linux", "ARM64"}, false}},
		{`"linux/arm/v7": emulated: true`, Platform{"linux/arm/v7", "arm-v7", amd64, true}},
		{`"linux/arm/v7": runner: "pi"`, Platform{"linux/arm/v7", "arm-v7", []string{"pi"}, false}},
		{`"linux/386": runner: "ubuntu-24.04"`, Platform{"linux/386", "386", amd64, false}},
		{`"linux/s390x": emulated: true`, Platform{"linux/s390x", "s390x", amd64, true}},
	} {
		t.Run(row.spec, func(t *testing.T) {
			p := resolve(t, "name: \"app\"\nimage: repository: \"acme/app\"\nplatforms: "+row.spec)
			equal(t, "Platforms", p.Platforms, []Platform{row.want})
			equal(t, "Emulated", p.Emulated(), row.want.Emulated)
			equal(t, "Merged", p.Merged(), false)
		})
	}
}

func TestPlatformsAreInTheUsersOrder(t *testing.T) {
	p := resolve(t, `name: "app"
image: repository: "acme/app"
platforms: {"linux/s390x": runner: "z", "linux/arm64": {}, "linux/amd64": {}}`)
	var names []string
	for _, x := range p.Platforms {
		names = append(names, x.Name)
	}
	equal(t, "names", names, []string{"linux/s390x", "linux/arm64", "linux/amd64"})
	equal(t, "Merged", p.Merged(), true)
}

func TestPlatformContradictions(t *testing.T) {
	const (
		image    = "name: \"app\"\nimage: repository: \"acme/app\"\n"
		prebuilt = "workflow: repository: \"acme/app\"\n"
	)
	contradict(t, []contradiction{
		{"none", image + `platforms: {}`, []string{
			`spec.cue:3:1: platforms: no platform is named; want at least one such as "linux/amd64": {}`,
		}},
		{"without a runner", image + `platforms: "linux/riscv64": {}
` + prebuilt, []string{
			`spec.cue:3:12: platforms.linux/riscv64: GitHub has no runner for linux/riscv64; name your own (runner: "label") or say emulated: true`,
		}},
		{"arm64 on an amd64 runner", image + `platforms: "linux/arm64": runner: "ubuntu-24.04"
` + prebuilt, []string{
			`spec.cue:3:35: platforms.linux/arm64.runner: linux/arm64 cannot run on ubuntu-24.04, which is linux/amd64; name a runner of the platform or say emulated: true`,
		}},
		{"amd64 on an arm64 runner", image + `platforms: "linux/amd64": runner: "ubuntu-24.04-arm"
` + prebuilt, []string{
			`spec.cue:3:35: platforms.linux/amd64.runner: linux/amd64 cannot run on ubuntu-24.04-arm, which is linux/arm64; name a runner of the platform or say emulated: true`,
		}},
		{"32-bit arm on an arm64 runner", image + `platforms: "linux/arm/v7": runner: ["ubuntu-24.04-arm"]
` + prebuilt, []string{
			`spec.cue:3:36: platforms.linux/arm/v7.runner: linux/arm/v7 cannot run on ubuntu-24.04-arm, which is linux/arm64; name a runner of the platform or say emulated: true`,
		}},
		{"emulated on its own machine", image + `platforms: "linux/amd64": emulated: true
` + prebuilt, []string{
			`spec.cue:3:37: platforms.linux/amd64.emulated: ubuntu-24.04 is linux/amd64: nothing is to be emulated; remove emulated`,
		}},
		{"another system", image + `platforms: "linux/amd64": runner: "windows-latest"
` + prebuilt, []string{
			`spec.cue:3:35: platforms.linux/amd64.runner: Linux images are built on Linux; want a runner such as ubuntu-24.04`,
		}},
		{"another system for the small jobs", image + `platforms: "linux/amd64": {}
workflow: {repository: "acme/app", runner: "macos-15"}`, []string{
			`spec.cue:4:44: workflow.runner: the jobs are bash and docker; want a Linux runner such as ubuntu-24.04`,
		}},
	})
}

// Without a workflow nothing is built on GitHub, so no runner is wanted.
func TestPlatformsWithoutWorkflow(t *testing.T) {
	p := resolve(t, "name: \"app\"\nimage: repository: \"acme/app\"\nplatforms: \"linux/riscv64\": {}")
	equal(t, "Platforms", p.Platforms, []Platform{{Name: "linux/riscv64", Arch: "riscv64"}})
}
